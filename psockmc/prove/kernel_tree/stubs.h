/* What the ring operations of a kernel tree need around them, written for psockmc: pages with reference counts in
 * an arena, charges, user memory, queues. An access that would be a bug in a kernel ends the operation with an oops. */
#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef unsigned int gfp_t;

#define likely(x) (x)
#define unlikely(x) (x)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define min_t(type, x, y) ((type)(x) < (type)(y) ? (type)(x) : (type)(y))
#define BUILD_BUG_ON(condition) ((void)(condition))
#define IS_ENABLED(option) 0
#define BITS_PER_LONG (8 * sizeof(long))
#define DECLARE_BITMAP(name, bits) unsigned long name[((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG]
#define READ_ONCE(x) (x)
#define WRITE_ONCE(x, value) ((x) = (value))

#define PAGE_SIZE 4096UL
#define PAGES 192
#define STRIDE (4UL << 20)
#define MESSAGES 8
#define RECEIVED (1 << 20)

enum oops { OOPS_NONE, OOPS_POINTER, OOPS_FREED_PAGE, OOPS_MEMORY, OOPS_ENDLESS, OOPS_OTHER };

static enum oops oops_kind;
static sigjmp_buf oops_target;
static int warnings;

static void __attribute__((noreturn)) oops(enum oops kind)
{
	oops_kind = kind;
	siglongjmp(oops_target, 1);
}

#define WARN_ON(condition) (warnings += !!(condition))
#define WARN_ON_ONCE(condition) WARN_ON(condition)
#define DEBUG_NET_WARN_ON_ONCE(condition) WARN_ON(condition)

/* Bits */

static inline void __assign_bit(u32 i, unsigned long *map, bool value)
{
	unsigned long bit = 1UL << i % BITS_PER_LONG;

	map[i / BITS_PER_LONG] = value ? map[i / BITS_PER_LONG] | bit : map[i / BITS_PER_LONG] & ~bit;
}

static inline void __set_bit(u32 i, unsigned long *map)
{
	__assign_bit(i, map, true);
}

static inline void __clear_bit(u32 i, unsigned long *map)
{
	__assign_bit(i, map, false);
}

static inline bool test_bit(u32 i, const unsigned long *map)
{
	return map[i / BITS_PER_LONG] >> i % BITS_PER_LONG & 1;
}

/* Pages: number 0 is NULL's, so that an address made from NULL is known when it is used */

struct page {
	s32 refs;
	u32 size;
};

static struct page pages[PAGES];
static u8 *arena;
static u32 last_page, requests, fail_at, frag_size;

static bool granted(void)
{
	return ++requests != fail_at;
}

static inline u32 page_number(const struct page *page)
{
	return page ? (u32)(page - pages) : 0;
}

static inline void *page_address(const struct page *page)
{
	return arena + page_number(page) * STRIDE;
}

static struct page *live(struct page *page)
{
	if (!page)
		oops(OOPS_POINTER);
	if (page->refs <= 0)
		oops(OOPS_FREED_PAGE);
	return page;
}

static inline void get_page(struct page *page)
{
	live(page)->refs++;
}

static inline void put_page(struct page *page)
{
	live(page)->refs--;
}

static void accessed(const void *address, size_t length)
{
	size_t place = (const u8 *)address - arena;

	if (!length || (const u8 *)address < arena || place >= PAGES * STRIDE)
		return;
	live(place / STRIDE ? &pages[place / STRIDE] : NULL);
	if (place % STRIDE + length > pages[place / STRIDE].size)
		oops(OOPS_MEMORY);
}

static inline void *checked_memcpy(void *to, const void *from, size_t length)
{
	accessed(to, length);
	accessed(from, length);
	return memcpy(to, from, length);
}
#define memcpy(to, from, length) checked_memcpy(to, from, length)

static struct page *new_page(u32 size)
{
	if (last_page + 1 >= PAGES)
		oops(OOPS_OTHER);
	pages[++last_page] = (struct page){ .refs = 1, .size = size };
	memset(arena + last_page * STRIDE, 0, size);
	return &pages[last_page];
}

static inline int get_order(unsigned long size)
{
	int order = 0;

	for (size = (size - 1) / PAGE_SIZE; size; size >>= 1)
		order++;
	return order;
}

#define GFP_KERNEL 0
#define GFP_ATOMIC 0
#define __GFP_NOWARN 0
#define __GFP_COMP 0

static inline struct page *alloc_pages(gfp_t gfp, int order)
{
	(void)gfp;
	if (!granted() || order > 10)
		return NULL;
	return new_page(PAGE_SIZE << order);
}

static void *fresh(size_t size)
{
	void *object = calloc(1, size);

	return object ? object : (oops(OOPS_OTHER), NULL);
}

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	(void)gfp;
	return granted() ? fresh(size) : NULL;
}
/* Later trees have macros for it that take the object. */
#define kzalloc_obj(object, ...) kzalloc(sizeof(object), 0)

static inline void kfree(const void *object)
{
	(void)object; /* what is looked at afterwards may be among it; the process is short-lived */
}

/* Scatterlists */

struct scatterlist {
	unsigned long page_link;
	unsigned int offset;
	unsigned int length;
};

#define SG_CHAIN 1UL
#define SG_END 2UL

static inline struct page *sg_page(const struct scatterlist *sg)
{
	return (struct page *)(sg->page_link & ~(SG_CHAIN | SG_END));
}

static inline bool sg_is_last(const struct scatterlist *sg)
{
	return sg->page_link & SG_END;
}

static inline bool sg_is_chain(const struct scatterlist *sg)
{
	return sg->page_link & SG_CHAIN;
}

static inline void sg_mark_end(struct scatterlist *sg)
{
	sg->page_link = (sg->page_link | SG_END) & ~SG_CHAIN;
}

static inline void sg_unmark_end(struct scatterlist *sg)
{
	sg->page_link &= ~SG_END;
}

static inline void sg_set_page(struct scatterlist *sg, struct page *page, unsigned int len, unsigned int offset)
{
	sg->page_link = (unsigned long)page | (sg->page_link & (SG_CHAIN | SG_END));
	sg->length = len;
	sg->offset = offset;
}

static inline void *sg_virt(const struct scatterlist *sg)
{
	return (u8 *)page_address(sg_page(sg)) + sg->offset;
}

static inline void sg_init_marker(struct scatterlist *sg, unsigned int entries)
{
	sg_mark_end(&sg[entries - 1]);
}

static inline void sg_init_table(struct scatterlist *sg, unsigned int entries)
{
	memset(sg, 0, entries * sizeof(*sg));
	sg_init_marker(sg, entries);
}

static inline void sg_chain(struct scatterlist *list, unsigned int entries, struct scatterlist *to)
{
	list[entries - 1] = (struct scatterlist){ .page_link = (unsigned long)to | SG_CHAIN };
}

static inline struct scatterlist *sg_next(struct scatterlist *sg)
{
	if (sg_is_last(sg))
		return NULL;
	sg++;
	return sg_is_chain(sg) ? (struct scatterlist *)sg_page(sg) : sg;
}

/* Sockets, lists, user memory */

typedef struct {
	int counter;
} atomic_t;

struct page_frag {
	struct page *page;
	u32 offset;
	u32 size;
};

struct sk_msg;

struct sk_psock {
	u32 apply_bytes;
	u32 cork_bytes;
	struct sk_msg *queue[MESSAGES];
	int queued;
};

struct sock {
	int64_t charged;
	atomic_t sk_rmem_alloc;
	unsigned long sk_route_caps;
	struct page_frag frag;
	struct sk_psock psock;
};

struct list_head {
	struct list_head *next, *prev;
};

struct sk_buff {
	int users;
};

#define NETIF_F_NOCACHE_COPY 1UL
#define MSG_PEEK 2

struct iov_iter {
	const u8 *data;
	u32 length, fault_at, done;
	u32 first_page, offset;
	u8 *received;
};

struct msghdr {
	struct iov_iter msg_iter;
	unsigned int msg_flags;
};

static inline void atomic_add(int value, atomic_t *counter)
{
	counter->counter += value;
}

static inline void atomic_sub(int value, atomic_t *counter)
{
	counter->counter -= value;
}

static inline void sk_mem_charge(struct sock *sk, int size)
{
	sk->charged += size;
}

static inline void sk_mem_uncharge(struct sock *sk, int size)
{
	sk->charged -= size;
}

static inline bool sk_wmem_schedule(struct sock *sk, int size)
{
	(void)sk;
	(void)size;
	return granted();
}

static inline struct page_frag *sk_page_frag(struct sock *sk)
{
	return &sk->frag;
}

static inline bool sk_page_frag_refill(struct sock *sk, struct page_frag *frag)
{
	(void)sk;
	if (frag->page && frag->offset < frag->size)
		return true;
	if (!granted())
		return false;
	if (frag->page)
		put_page(frag->page);
	*frag = (struct page_frag){ .page = new_page(frag_size), .size = frag_size };
	return true;
}

static u32 readable(const struct iov_iter *from)
{
	u32 stop = from->fault_at < from->length ? from->fault_at : from->length;

	return from->done < stop ? stop - from->done : 0;
}

static inline size_t copy_from_iter(void *to, size_t length, struct iov_iter *from)
{
	u32 copy = min_t(u32, length, readable(from));

	accessed(to, copy);
	(memcpy)(to, from->data + from->done, copy);
	from->done += copy;
	return copy;
}
#define copy_from_iter_nocache copy_from_iter

static inline size_t copy_page_to_iter(struct page *page, size_t offset, size_t length, struct iov_iter *to)
{
	u8 *from = (u8 *)page_address(page) + offset;

	accessed(from, length);
	if (to->done + length > RECEIVED)
		oops(OOPS_ENDLESS);
	(memcpy)(to->received + to->done, from, length);
	to->done += length;
	return length;
}

static inline ssize_t iov_iter_get_pages2(struct iov_iter *from, struct page **taken, size_t most, unsigned int max_pages,
					  ssize_t *start)
{
	u32 at = from->offset + from->done, copied = min_t(u32, most, readable(from));

	*start = at % PAGE_SIZE;
	copied = min_t(u32, copied, max_pages * PAGE_SIZE - *start);
	for (u32 page = at / PAGE_SIZE; copied && page <= (at + copied - 1) / PAGE_SIZE; page++) {
		*taken = &pages[from->first_page + page];
		get_page(*taken++);
	}
	from->done += copied;
	return copied;
}

static inline void iov_iter_revert(struct iov_iter *from, size_t length)
{
	from->done -= length;
}

static inline void consume_skb(struct sk_buff *skb)
{
	if (skb)
		skb->users--;
}
