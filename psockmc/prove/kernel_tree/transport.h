/* What lies between struct sk_msg and the operations on it: the queue of a psock, the wire, TLS records. */

static inline struct sk_msg *sk_psock_peek_msg(struct sk_psock *psock)
{
	return psock->queued ? psock->queue[0] : NULL;
}

static inline struct sk_msg *sk_psock_next_msg(struct sk_psock *psock, struct sk_msg *msg)
{
	for (int at = 0; at + 1 < psock->queued; at++)
		if (psock->queue[at] == msg)
			return psock->queue[at + 1];
	return NULL;
}

static inline struct sk_msg *sk_psock_dequeue_msg(struct sk_psock *psock)
{
	struct sk_msg *first = psock->queue[0];

	psock->queued--;
	memmove(psock->queue, psock->queue + 1, psock->queued * sizeof(first));
	return first;
}

static inline void kfree_sk_msg(struct sk_msg *msg)
{
	consume_skb(msg->skb);
}

static inline void sk_psock_msg_len_add(struct sk_psock *psock, int diff)
{
	(void)psock;
	(void)diff;
}

/* Redirection into another socket's queue */

static struct sk_msg *redirected;

static inline bool __sk_rmem_schedule(struct sock *sk, int size, bool memalloc)
{
	(void)sk;
	(void)size;
	(void)memalloc;
	return granted();
}
#define sk_rmem_schedule(sk, skb, size) __sk_rmem_schedule(sk, size, false)
#define lock_sock(sk) ((void)(sk))
#define release_sock(sk) ((void)(sk))
#define sk_psock_data_ready(sk, psock) ((void)(sk), (void)(psock))

static inline bool sk_psock_queue_msg(struct sk_psock *psock, struct sk_msg *msg)
{
	(void)psock;
	redirected = msg;
	return true;
}

/* The wire: takes at most wire_chunk bytes at a time, and wire_left in all, then no more */

#define MSG_MORE 0x8000
#define MSG_SPLICE_PAGES 0x8000000
#define MSG_SENDPAGE_NOPOLICY 0x10000
#define MSG_SENDPAGE_NOTLAST 0x20000
#define MSG_NO_SHARED_FRAGS 0x80000
#define ITER_SOURCE 1
#define WRITE 1

struct bio_vec {
	struct page *page;
	u32 length, offset;
};

static u32 wire_chunk, wire_left, wire_sent;
static u8 wire[1 << 20];

static int transmit(struct page *page, u32 offset, u32 length)
{
	u32 sent = min_t(u32, min_t(u32, length, wire_chunk), wire_left);
	u8 *from = (u8 *)page_address(page) + offset;

	if (!sent)
		return -EAGAIN;
	accessed(from, sent);
	(memcpy)(wire + wire_sent, from, sent);
	wire_left -= sent;
	wire_sent += sent;
	return sent;
}

static struct bio_vec on_the_wire;
#define tcp_rate_check_app_limited(sk) ((void)(sk))
#define tls_sw_has_ctx_tx(sk) ((void)(sk), false)
#define bvec_set_page(bvec, from, len, at) (*(bvec) = (struct bio_vec){ from, len, at })
#define iov_iter_bvec(iter, direction, bvec, count, size) ((void)(iter), on_the_wire = *(bvec))
#define tcp_sendmsg_locked(sk, header, size) ((void)(header), transmit(on_the_wire.page, on_the_wire.offset, size))
#define do_tcp_sendpages(sk, page, offset, size, flags) transmit(page, offset, size)
#define kernel_sendpage_locked(sk, page, offset, size, flags) transmit(page, offset, size)

/* TLS: a context, the open record, and an encryption that only looks at what it is given */

#define TLS_1_3_VERSION 0x0304
#define TLS_1_2_VERSION 0x0303

struct aead_request {
	int unused;
};

struct tls_rec {
	struct sk_msg msg_plaintext;
	struct sk_msg msg_encrypted;
	struct scatterlist sg_aead_in[2];
	struct scatterlist sg_aead_out[2];
	char content_type;
	struct scatterlist sg_content_type;
	char aad_space[16];
	int tx_flags;
	struct aead_request aead_req;
};

struct tls_prot_info {
	u32 version, overhead_size, tail_size, prepend_size;
};

struct tls_sw_context_tx {
	struct tls_rec *open_rec;
	u8 async_capable;
};

struct tls_context {
	struct tls_prot_info prot_info;
	struct tls_sw_context_tx tx_context;
	bool pending_open_record_frags;
	struct {
		char *rec_seq;
	} tx;
};

static struct tls_context tls_context;
#define tls_get_ctx(sk) ((void)(sk), &tls_context)
#define tls_sw_ctx_tx(context) (&(context)->tx_context)
#define tls_make_aad(...) ((void)0)
#define tls_fill_prepend(context, buffer, size, type) ((void)(buffer))
#define tls_err_abort(sk, error) ((void)0)
#define tls_tx_records(sk, flags) ((void)(sk), (void)(flags), 0)
#define sg_set_buf(sg, buffer, len) (*(sg) = (struct scatterlist){ .length = (len) })

static inline struct tls_rec *tls_get_rec(struct sock *sk)
{
	struct tls_rec *record = fresh(sizeof(*record));

	(void)sk;
	sk_msg_init(&record->msg_plaintext);
	sk_msg_init(&record->msg_encrypted);
	return record;
}

static int tls_do_encryption(struct sock *sk, struct tls_context *context, struct tls_sw_context_tx *tx,
			     struct aead_request *request, size_t length, u32 start);
static void tls_free_rec(struct sock *sk, struct tls_rec *record);
