/* Runs one operation of the kernel on messages that Python describes, and describes them again afterwards. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

enum op {
	OP_TRIM, OP_ALLOC, OP_CLONE, OP_RETURN, OP_RETURN_ZERO, OP_FREE, OP_FREE_NOCHARGE, OP_FREE_PARTIAL,
	OP_FREE_PARTIAL_NOCHARGE, OP_PAGE_ADD, OP_SG_COPY, OP_XFER, OP_XFER_FULL, OP_ZEROCOPY, OP_MEMCOPY, OP_RECVMSG,
	OP_PULL, OP_PUSH, OP_POP, OP_INGRESS, OP_TCP_PUSH, OP_TLS_RECORD, OP_TLS_SPLIT, OP_TLS_MERGE,
};

#define SLOTS (MAX_MSG_FRAGS + 2)
#define LINK_NONE -1
#define LINK_OTHER -2

struct slot_state {
	u32 page, offset, length, copy, last;
	s32 link;
};

struct message_state {
	u32 start, curr, end, size, copybreak, apply_bytes, skb, exposed;
	u64 exposed_at;
	u32 exposed_length;
	struct slot_state slots[SLOTS];
};

static struct sock socks[2];
static struct sk_buff skbs[MESSAGES];
static struct iov_iter user;
static u8 received[RECEIVED];

u32 harness_slots(void)
{
	return SLOTS;
}

/* State in and out */

void harness_reset(u32 fail, u32 frag)
{
	if (!arena) {
		arena = mmap(NULL, PAGES * STRIDE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		for (int m = 0; m < MESSAGES; m++)
			messages[m] = calloc(1, sizeof(*messages[m]) + 4096);
	}
	memset(socks, 0, sizeof(socks));
	memset(pages, 0, sizeof(pages));
	for (int m = 0; m < MESSAGES; m++)
		memset(messages[m], 0, sizeof(*messages[m]));
	last_page = requests = walked_length = 0;
	warnings = 0;
	fail_at = fail;
	frag_size = frag;
}

void harness_page(u32 number, u32 size, s32 refs, const u8 *content)
{
	pages[number] = (struct page){ .refs = refs, .size = size };
	(memcpy)(arena + number * STRIDE, content, size);
	if (last_page < number)
		last_page = number;
}

void harness_page_frag(u32 number, u32 offset)
{
	socks[0].frag = (struct page_frag){ number ? &pages[number] : NULL, offset, frag_size };
}

void harness_charge(u32 sk, int64_t charged, s32 rmem)
{
	socks[sk].charged = charged;
	socks[sk].sk_rmem_alloc.counter = rmem;
}

void harness_message(u32 m, u32 sk, const struct message_state *state)
{
	struct sk_msg *msg = messages[m];

	sk_msg_init(msg);
	msg->sg.start = state->start;
	msg->sg.curr = state->curr;
	msg->sg.end = state->end;
	msg->sg.size = state->size;
	msg->sg.copybreak = state->copybreak;
	msg->apply_bytes = state->apply_bytes;
	msg->skb = state->skb ? &skbs[m] : NULL;
	msg->sk = &socks[sk];
	for (u32 i = 0; i < SLOTS; i++) {
		const struct slot_state *slot = &state->slots[i];

		msg->sg.data[i].page_link = slot->page ? (unsigned long)&pages[slot->page] : 0;
		msg->sg.data[i].offset = slot->offset;
		msg->sg.data[i].length = slot->length;
		if (slot->last)
			sg_mark_end(&msg->sg.data[i]);
		__assign_bit(i, msg->sg.copy, slot->copy);
	}
}

static s32 link_of(struct sk_msg *msg, struct scatterlist *sg)
{
	struct scatterlist *to = (struct scatterlist *)sg_page(sg);

	if (!sg_is_chain(sg))
		return LINK_NONE;
	return to >= msg->sg.data && to < msg->sg.data + SLOTS ? to - msg->sg.data : LINK_OTHER;
}

void harness_describe(u32 m, struct message_state *state)
{
	struct sk_msg *msg = messages[m];

	memset(state, 0, sizeof(*state));
	state->start = msg->sg.start;
	state->curr = msg->sg.curr;
	state->end = msg->sg.end;
	state->size = msg->sg.size;
	state->copybreak = msg->sg.copybreak;
	state->apply_bytes = msg->apply_bytes;
	state->skb = msg->skb != NULL;
	state->exposed = msg->data != NULL;
	state->exposed_at = msg->data ? (u8 *)msg->data - arena : 0;
	state->exposed_length = (u8 *)msg->data_end - (u8 *)msg->data;
	for (u32 i = 0; i < SLOTS; i++) {
		struct scatterlist *sg = &msg->sg.data[i];
		struct slot_state *slot = &state->slots[i];

		slot->link = link_of(msg, sg);
		slot->page = slot->link == LINK_NONE ? page_number(sg_page(sg)) : 0;
		slot->offset = sg->offset;
		slot->length = sg->length;
		slot->last = sg_is_last(sg);
		slot->copy = test_bit(i, msg->sg.copy);
	}
}

int64_t harness_charged(u32 sk)
{
	return socks[sk].charged;
}

s32 harness_rmem(u32 sk)
{
	return socks[sk].sk_rmem_alloc.counter;
}

u32 harness_pages(void)
{
	return last_page;
}

s32 harness_refs(u32 page)
{
	return pages[page].refs;
}

const u8 *harness_content(u32 page, u32 *size)
{
	*size = pages[page].size;
	return arena + page * STRIDE;
}

u32 harness_frag(u32 *offset)
{
	*offset = socks[0].frag.offset;
	return page_number(socks[0].frag.page);
}

u32 harness_warnings(void)
{
	return warnings;
}

void harness_queue(u32 m)
{
	struct sk_psock *psock = &socks[0].psock;

	psock->queue[psock->queued++] = messages[m];
}

u32 harness_queued(void)
{
	return socks[0].psock.queued;
}

void harness_user(const u8 *data, u32 length, u32 fault_at, u32 first_page, u32 offset)
{
	user = (struct iov_iter){ data, length, fault_at, 0, first_page, offset, received };
}

u32 harness_user_done(const u8 **got)
{
	*got = received;
	return user.done;
}

void harness_wire(u32 chunk, u32 left)
{
	wire_chunk = chunk;
	wire_left = left;
	wire_sent = 0;
}

u32 harness_wire_sent(const u8 **sent)
{
	*sent = wire;
	return wire_sent;
}

u32 harness_walked(const struct walked **seen)
{
	*seen = walked;
	return walked_length;
}

/* Operations */

static long receive(u32 length, u32 peek)
{
	struct msghdr header = { .msg_iter = user };
	long result = sk_msg_recvmsg(&socks[0], &socks[0].psock, &header, length, peek ? MSG_PEEK : 0);

	user.done = header.msg_iter.done;
	return result;
}

static long run(enum op op, struct sk_msg *msg, u32 a, u32 b, u32 c)
{
	struct sock *sk = msg->sk;
	struct sk_msg *other = a < MESSAGES ? messages[a] : NULL;

	switch (op) {
	case OP_TRIM: return sk_msg_trim(sk, msg, a), 0;
	case OP_ALLOC: return sk_msg_alloc(sk, msg, a, b);
	case OP_CLONE: return sk_msg_clone(sk, msg, other, b, c);
	case OP_RETURN: return sk_msg_return(sk, msg, a), 0;
	case OP_RETURN_ZERO: return sk_msg_return_zero(sk, msg, a), 0;
	case OP_FREE: return sk_msg_free(sk, msg);
	case OP_FREE_NOCHARGE: return sk_msg_free_nocharge(sk, msg);
	case OP_FREE_PARTIAL: return sk_msg_free_partial(sk, msg, a), 0;
	case OP_FREE_PARTIAL_NOCHARGE: return sk_msg_free_partial_nocharge(sk, msg, a), 0;
	case OP_PAGE_ADD: return sk_msg_page_add(msg, &pages[a], b, c), 0;
	case OP_SG_COPY: return sk_msg_sg_copy(msg, a, b), 0;
	case OP_XFER: return sk_msg_xfer(msg, other, b, c), 0;
	case OP_XFER_FULL: return sk_msg_xfer_full(msg, other), 0;
	case OP_ZEROCOPY: return sk_msg_zerocopy_from_iter(sk, &user, msg, a);
	case OP_MEMCOPY: return sk_msg_memcopy_from_iter(sk, &user, msg, a);
	case OP_RECVMSG: return receive(a, b);
	case OP_PULL: return (int)bpf_msg_pull_data(msg, a, b, c);
	case OP_PUSH: return (int)bpf_msg_push_data(msg, a, b, c);
	case OP_POP: return (int)bpf_msg_pop_data(msg, a, b, c);
	case OP_INGRESS: return ingress(&socks[1], msg, a);
	case OP_TCP_PUSH: return tcp_bpf_push(sk, msg, a, 0, b);
	case OP_TLS_RECORD: return tls_record(sk, msg, a);
	case OP_TLS_SPLIT: return tls_split(sk, a);
	case OP_TLS_MERGE: return tls_merge(sk);
	}
	return -1;
}

static void handler(int signal)
{
	oops(signal == SIGVTALRM ? OOPS_ENDLESS : OOPS_POINTER);
}

static long __attribute__((noinline)) guarded(enum op op, u32 m, u32 a, u32 b, u32 c)
{
	if (sigsetjmp(oops_target, 1))
		return 0;
	return run(op, messages[m], a, b, c);
}

/* What the operation returns; *oopsed is one of enum oops. An endless loop and a wild pointer are oopses, too. */
int64_t harness_run(enum op op, u32 m, u32 a, u32 b, u32 c, u32 *oopsed)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGVTALRM };
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_NODEFER }, old[ARRAY_SIZE(signals)];
	struct itimerval limit = { .it_value = { .tv_usec = 300000 } }, off = { 0 };
	long result;

	for (u32 i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, &old[i]);
	setitimer(ITIMER_VIRTUAL, &limit, NULL);
	oops_kind = OOPS_NONE;
	result = guarded(op, m, a, b, c);
	setitimer(ITIMER_VIRTUAL, &off, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &old[i], NULL);
	*oopsed = oops_kind;
	return result;
}
