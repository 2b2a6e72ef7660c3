/*
 * What a generated step function works with: integers, packed cells, and the notes it takes about what happened.
 *
 * A generated program is one translation unit: the sizes of the system (WORDS, STRIDE, PROPERTIES, ...), this file, the
 * functions generated from the system, and search.c. Nothing here depends on the system but through those sizes.
 */
#include <errno.h>
#include <inttypes.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* What is written by hand runs for every step and is always optimised; how the rest is compiled, build.py decides. */
#pragma GCC push_options
#pragma GCC optimize("O2")

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t i64;
typedef __int128 i128;
typedef unsigned __int128 u128;

#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define AT_LEAST_ONE(n) ((n) > 0 ? (n) : 1) /* C has no arrays without elements */

/* ---------------------------------------------------------------- packed cells */

#define LOW_BITS(bits) (~UINT64_C(0) >> (64 - (bits)))
#define RAW(w, word, shift, bits) ((w)[word] >> (shift) & LOW_BITS(bits))
#define PUT(w, word, shift, bits, raw) \
    ((w)[word] = ((w)[word] & ~(LOW_BITS(bits) << (shift))) | (u64)(raw) << (shift))

/* A small value as a member of a set; pointers of at most 63 objects fit. */
#define BIT(value) ((u64)(value) < 64 ? UINT64_C(1) << (u64)(value) : 0)

/* The words of a stored state; the last one may be stored by half. */
static inline void load_words(u64 *w, const u8 *stored)
{
    w[WORDS - 1] = 0;
    memcpy(w, stored, STRIDE);
}

/* ---------------------------------------------------------------- exact arithmetic, total as the system defines it */

#define DEFINE_ARITHMETIC(type, unsigned_type) \
    static inline type div_##type(type a, type b) { return b ? a / b : 0; } \
    static inline type rem_##type(type a, type b) { return b && b != -1 ? a % b : 0; } \
    static inline type shl_##type(type a, type n) { return n < 0 || n > 63 ? 0 : (type)((unsigned_type)a << n); } \
    static inline type shr_##type(type a, type n) { return n < 0 || n > 63 ? 0 : a >> n; }

DEFINE_ARITHMETIC(i64, u64)
DEFINE_ARITHMETIC(i128, u128)

static inline u128 shl_u128(u128 a, i128 n) { return n < 0 || n > 63 ? 0 : a << n; }
static inline i64 index_i128(i128 i) { return i < 0 || i > INT64_MAX ? -1 : (i64)i; }

/* ---------------------------------------------------------------- notes of the running step
 *
 * A step that turns out not to exist must leave nothing behind, so what it meets is noted here first and counted by
 * `settle` (search.c). Only news is noted: each array has a flag per thing, 0 unknown, PENDING noted, KNOWN counted.
 */

enum { UNKNOWN, PENDING, KNOWN };

/* How a step ended. Of a step that does not exist, LOST to BLOCKED say how its context rests. */
enum outcome { MOVED, FATAL, CUT, ASSUMED_AWAY, LOST, ASLEEP, IDLE, BLOCKED, DONE };

struct notes {
    u8 *flags; /* by thing */
    u32 *list; /* the pending ones, in order */
    u32 count;
};

#define DEFINE_NOTES(name, things) \
    static u8 name##_flags[AT_LEAST_ONE(things)]; \
    static u32 name##_list[AT_LEAST_ONE(things)]; \
    static struct notes name = {name##_flags, name##_list, 0};

DEFINE_NOTES(statements, STATEMENTS) /* statements that ran */
DEFINE_NOTES(covers, COVERS)         /* cover sentences */
DEFINE_NOTES(findings, PROPERTIES)   /* properties violated by a step */
DEFINE_NOTES(edges, EDGES)           /* lock order edges */

__attribute__((noinline, cold)) static void note_news(struct notes *notes, u32 thing)
{
    notes->flags[thing] = PENDING;
    notes->list[notes->count++] = thing;
}

#define DEFINE_NOTE(name) \
    static inline void note_##name(u32 thing) \
    { \
        if (UNLIKELY(name##_flags[thing] == UNKNOWN)) \
            note_news(&name, thing); \
    }

DEFINE_NOTE(statements)
DEFINE_NOTE(covers)
DEFINE_NOTE(findings)
DEFINE_NOTE(edges)

static u64 cut_count[AT_LEAST_ONE(CUTS)];         /* steps that left a bound, by sentence */
static u64 fatal_count[AT_LEAST_ONE(PROPERTIES)]; /* steps that ended in a fatal finding, by property */

__attribute__((noinline)) static enum outcome cut(u32 sentence)
{
    cut_count[sentence]++;
    return CUT;
}

__attribute__((noinline)) static enum outcome fatal(u32 property)
{
    fatal_count[property]++;
    note_findings(property);
    return FATAL;
}

/* The model broke a promise that its compiler made. There is no answer then. */
__attribute__((noreturn, cold)) static void bug(int context, int node, const char *what)
{
    printf("{\"kind\": \"bug\", \"context\": %d, \"node\": %d, \"what\": \"%s\"}\n", context, node, what);
    exit(fflush(stdout) ? 1 : 0);
}

/* A step may loop, but not for ever. */
#define LOOP_LIMIT 1000000

/* ---------------------------------------------------------------- accesses, for the data-race check */

#define TOUCH_WRITE 2u
#define TOUCH_MARKED 1u

static u32 *touches; /* cell << 2 | TOUCH_*, of all steps of the state being expanded */
static u32 touch_count, touch_room;
static u8 race_known[AT_LEAST_ONE(RACE_CELLS)]; /* the cell's property is violated already */

__attribute__((cold, noinline)) static void grow_touches(void)
{
    touch_room = touch_room ? 2 * touch_room : 1024;
    touches = realloc(touches, touch_room * sizeof *touches);
    if (!touches)
        bug(-1, -1, "no memory for the accesses of one state");
}

__attribute__((noinline)) static void touch(u32 code)
{
    if (race_known[code >> 2])
        return;
    if (UNLIKELY(touch_count == touch_room))
        grow_touches();
    touches[touch_count++] = code;
}

/* An access to a cell that is computed; the field's cells begin at `base`. 0: there is no such cell. */
__attribute__((noinline)) static int touch_one(u32 base, i64 i, u64 count, u32 flags)
{
    if ((u64)i >= count)
        return 0;
    touch((base + (u32)i) << 2 | flags);
    return 1;
}

/* ---------------------------------------------------------------- successors */

struct successor {
    u64 words[WORDS];
    u64 hash;
    u32 parent;
    u16 move; /* context << 8 | choice */
};

static struct successor successors[SUCCESSORS]; /* of the last few states, not inserted yet */
static u32 successor_count;
static u32 expanding; /* the state whose steps are being made */
static u16 moving;    /* and the step that is being made */

static u32 *table; /* open addressing, see search.c */
static unsigned table_bits;

/* Mix the words; every bit of the state moves about half the bits of the hash. */
static inline u64 hash_words(const u64 *w)
{
    u64 hash = UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned i = 0; i < WORDS; i++) {
        u128 product = (u128)(hash ^ w[i]) * UINT64_C(0xd1342543de82ef95);
        hash = (u64)product ^ (u64)(product >> 64) ^ hash >> 29;
    }
    hash ^= hash >> 32;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 29;
}

/* The end of a step that goes on: w is the successor. Its place in the table is fetched while other steps are made. */
__attribute__((noinline)) static enum outcome leave(const u64 *w)
{
    struct successor *next = &successors[successor_count++];
    memcpy(next->words, w, sizeof next->words);
    next->hash = hash_words(w);
    next->parent = expanding;
    next->move = moving;
    __builtin_prefetch(&table[next->hash >> (64 - table_bits)]);
    return MOVED;
}

/* ---------------------------------------------------------------- fairness, see liveness.c */

/* Contexts that can go on in a state, from a stop that is idle and from others that do not rest; contexts inside the kernel. */
struct obliged {
    u64 idle, others, inside;
};

/* ---------------------------------------------------------------- stops */

typedef enum outcome step_function(const u64 *restrict s, unsigned stop, unsigned choice);

struct stop {
    step_function *step; /* NULL: done */
    u16 choices;
};

static void attempt(unsigned context, unsigned number, const struct stop *stop, const u64 *s);
static void violated_by_state(int property, u32 state);
static u8 rest[AT_LEAST_ONE(CONTEXTS)]; /* how each context rests in the state that was expanded last */

#pragma GCC pop_options
