/*
 * Breadth-first search over packed states.
 *
 * The generated functions are
 *     expand(s)              attempt every step of the state with the words s
 *     check_invariants(s, i) report each invariant that state i violates, unless it is known to be violated
 *     check_ends(s, i)       likewise for the properties of terminal states
 *     leaks(s)               whether a terminal state holds a live object that nothing reaches
 *
 * Stored states are numbered in the order of their discovery and never move or go. Successors are collected for a while before
 * they are looked up, in the order in which they were made: the numbering is that of a plain breadth-first search, but the
 * cache misses of many look-ups overlap.
 *
 * Results are JSON lines on stdout, the last of kind "end"; progress goes to stderr.
 */

#pragma GCC optimize("O2")

enum stop_reason { EXHAUSTED, STATES, DEPTH, TIMEOUT, INTERRUPTED, MEMORY };
static const char *const reason_names[] = {"", "states", "depth", "timeout", "interrupted", "memory"};

#define NO_STATE UINT32_MAX

static struct {
    u64 states; /* ~0: no limit, and so on */
    u64 depth;
    double seconds;
    u64 bytes;
} limits;

/* States are kept in segments, which are never moved: growing copies nothing and needs no room for a copy. */
#define SEGMENT_BITS 18
#define SEGMENT (UINT64_C(1) << SEGMENT_BITS)

static struct segment {
    u8 *states;   /* STRIDE bytes each */
    u32 *parents; /* the state from which each was first reached */
} segments[UINT64_C(1) << (32 - SEGMENT_BITS)];

static u64 stored, room;
static u64 table_limit; /* stored states at which the table grows */
static u64 transitions, terminals;
static u64 depth; /* of the state that is expanded */
static u64 level_end;
static u8 out_of_memory;
static double started;
static volatile sig_atomic_t interrupted;

static inline u8 *state_at(u64 number)
{
    return segments[number >> SEGMENT_BITS].states + (number & (SEGMENT - 1)) * STRIDE;
}

static inline u32 *parent_of(u64 number)
{
    return &segments[number >> SEGMENT_BITS].parents[number & (SEGMENT - 1)];
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

#if GOALS
static u64 graph_bytes(void);
static void begin_state(const u64 *s, u64 able);
static void note_edge(const struct successor *new, u32 number);
static void pursue_goals(void);
#else /* nobody asks for edges */
static inline u64 graph_bytes(void) { return 0; }
static inline void begin_state(const u64 *s, u64 able) { (void)s, (void)able; }
static inline void note_edge(const struct successor *new, u32 number) { (void)new, (void)number; }
static inline void pursue_goals(void) {}
#endif

/* ---------------------------------------------------------------- violations and lock edges */

static struct violation {
    u32 state; /* NO_STATE: none */
    int context, choice, other_context, other_choice;
} violations[AT_LEAST_ONE(PROPERTIES)];

static u32 edge_states[AT_LEAST_ONE(EDGES)]; /* the state before the step that met each edge first */

/* Keep the first violation of each property. */
static void violated(int property, u32 state, int context, int choice, int other_context, int other_choice)
{
    if (property < 0)
        bug(context, -1, "the system lacks a built-in property that is violated");
    if (violations[property].state == NO_STATE)
        violations[property] = (struct violation){state, context, choice, other_context, other_choice};
    findings.flags[property] = KNOWN;
}

static void violated_by_state(int property, u32 state)
{
    violated(property, state, -1, -1, -1, -1);
}

/* ---------------------------------------------------------------- the store
 *
 * The table holds numbers of states, plus one; 0 is empty. A slot has 32 bits and a number needs table_bits of them: the others
 * hold a tag, more bits of the hash, so that nearly every comparison that would fail need not be made.
 */

static inline u32 tagged(u64 hash, u64 number)
{
    return (u32)(hash << table_bits) | (u32)number;
}

static u64 bytes_used(void)
{
    return stored * (STRIDE + sizeof(u32)) + (sizeof *table << table_bits) + graph_bytes();
}

/* Memory that is written at random is faster in huge pages. Not having them is no loss of function: errors do not matter. */
static void prefer_huge_pages(void *memory, u64 bytes)
{
#ifdef MADV_HUGEPAGE
    u64 first = ((u64)(uintptr_t)memory + 4095) & ~UINT64_C(4095);
    u64 last = ((u64)(uintptr_t)memory + bytes) & ~UINT64_C(4095);
    if (last > first)
        (void)madvise((void *)(uintptr_t)first, last - first, MADV_HUGEPAGE);
#else
    (void)memory, (void)bytes;
#endif
}

static inline u64 empty_slot(u64 hash)
{
    u64 slot = hash >> (64 - table_bits);
    while (table[slot])
        slot = (slot + 1) & ((UINT64_C(1) << table_bits) - 1);
    return slot;
}

/* Enter all stored states into an empty table, a block at a time so that the misses of a block overlap. */
static void fill_table(void)
{
    enum { BLOCK = 64 };
    u64 hashes[BLOCK], w[WORDS];
    for (u64 first = 0; first < stored; first += BLOCK) {
        u64 count = stored - first < BLOCK ? stored - first : BLOCK;
        for (u64 i = 0; i < count; i++) {
            load_words(w, state_at(first + i));
            hashes[i] = hash_words(w);
            __builtin_prefetch(&table[hashes[i] >> (64 - table_bits)], 1);
        }
        for (u64 i = 0; i < count; i++)
            table[empty_slot(hashes[i])] = tagged(hashes[i], first + i + 1);
    }
}

/* The old table goes before the new one comes: states tell their hashes, so nothing is lost. Returns 0 without memory. */
static int resize_table(unsigned bits)
{
    u64 bytes = sizeof *table << bits;
    if (bits > 32 || stored * (STRIDE + sizeof(u32)) + bytes > limits.bytes)
        return 0;
    free(table);
    table = calloc(bytes, 1);
    if (!table) {
        table_bits = 0;
        return 0;
    }
    prefer_huge_pages(table, bytes);
    table_bits = bits;
    table_limit = bits == 32 ? UINT32_MAX - 1 : (UINT64_C(3) << bits) / 4;
    fill_table();
    return 1;
}

/* Room for more states. Pages that are not written yet cost nothing. Returns 0 without memory. */
static int add_segment(void)
{
    struct segment *new = &segments[room >> SEGMENT_BITS];
    new->states = malloc(SEGMENT * STRIDE);
    new->parents = malloc(SEGMENT * sizeof *new->parents);
    if (!new->states || !new->parents)
        return 0;
    prefer_huge_pages(new->states, SEGMENT * STRIDE);
    room += SEGMENT;
    return 1;
}

static void add_state(const struct successor *new, u64 slot)
{
    u32 number = (u32)stored;
    memcpy(state_at(number), new->words, STRIDE);
    *parent_of(number) = new->parent;
    table[slot] = tagged(new->hash, ++stored);
    check_invariants(new->words, number);
}

/* Store a successor unless it is known. */
static void insert(const struct successor *new)
{
    const u64 last = (UINT64_C(1) << table_bits) - 1;
    const u32 tag = tagged(new->hash, 0);
    u64 slot = new->hash >> (64 - table_bits);
    for (u32 entry; (entry = table[slot]); slot = (slot + 1) & last) {
        u32 number = (u32)(entry & last);
        if ((entry & ~(u32)last) == tag && !memcmp(state_at(number - 1), new->words, STRIDE)) {
            note_edge(new, number - 1);
            return;
        }
    }
    if (UNLIKELY(stored == room && !add_segment())) {
        out_of_memory = 1;
        return;
    }
    note_edge(new, (u32)stored);
    add_state(new, slot);
    if (UNLIKELY(stored == table_limit && !resize_table(table_bits + 1)))
        out_of_memory = 1;
}

/* Fetch the state that a successor will probably be compared with. */
static inline void fetch_candidate(const struct successor *new)
{
    u32 entry = table[new->hash >> (64 - table_bits)];
    u32 number = (u32)(entry & ((UINT64_C(1) << table_bits) - 1));
    if (number)
        __builtin_prefetch(state_at(number - 1));
}

/* Insert all collected successors in their order. */
static void insert_successors(void)
{
    enum { AHEAD = 12 };
    for (u32 i = 0; i < successor_count && i < AHEAD && !out_of_memory; i++)
        fetch_candidate(&successors[i]);
    for (u32 i = 0; i < successor_count && !out_of_memory; i++) {
        if (i + AHEAD < successor_count)
            fetch_candidate(&successors[i + AHEAD]);
        insert(&successors[i]);
    }
    successor_count = 0;
}

/* ---------------------------------------------------------------- steps */

/* A step instance that exists, and which of `touches` are its. The masks have bit (cell % 64) for quick tests. */
static struct instance {
    int context, choice;
    u32 first, end;
    u64 any, writes, plain;
} instances[AT_LEAST_ONE(MAX_STEPS)];

static u32 instance_count;
static u64 able;    /* contexts with such a step: they can go on */
static u8 step_met; /* a step exists, was cut or was assumed away: the state is not terminal */
static u8 race_possible;

static void drop(struct notes *notes)
{
    while (notes->count)
        notes->flags[notes->list[--notes->count]] = UNKNOWN;
}

static void keep(struct notes *notes)
{
    while (notes->count)
        notes->flags[notes->list[--notes->count]] = KNOWN;
}

/* Findings and lock edges keep where they happened first. */
static void keep_events(int context, int choice)
{
    for (u32 i = 0; i < findings.count; i++)
        violated((int)findings.list[i], expanding, context, choice, -1, -1);
    for (u32 i = 0; i < edges.count; i++)
        edge_states[edges.list[i]] = expanding;
    keep(&findings);
    keep(&edges);
}

/* Count or forget what the step noted. */
static void settle_notes(enum outcome outcome, int context, int choice)
{
    if (outcome <= FATAL) {
        keep(&statements);
        keep(&covers);
        keep_events(context, choice);
        return;
    }
    if (outcome == CUT)
        keep(&statements);
    drop(&statements);
    drop(&covers);
    drop(&findings);
    drop(&edges);
}

/* Remember a step's accesses, and whether they may conflict with those of an earlier one. */
static void add_instance(int context, int choice, u32 first)
{
    struct instance *new = &instances[instance_count];
    *new = (struct instance){.context = context, .choice = choice, .first = first, .end = touch_count};
    for (u32 i = first; i < touch_count; i++) {
        u64 bit = UINT64_C(1) << (touches[i] >> 2) % 64;
        new->any |= bit;
        new->writes |= touches[i] & TOUCH_WRITE ? bit : 0;
        new->plain |= touches[i] & TOUCH_MARKED ? 0 : bit;
    }
    for (u32 i = 0; i < instance_count && !race_possible; i++) {
        const struct instance *old = &instances[i];
        race_possible = (old->any & new->any & (old->writes | new->writes) & (old->plain | new->plain)) != 0;
    }
    instance_count++;
}

/* Make the steps of a context from its stop, one for every choice. */
static void attempt(unsigned context, unsigned number, const struct stop *stop, const u64 *s)
{
    for (unsigned choice = 0; choice < stop->choices; choice++) {
        u32 first = touch_count;
        moving = (u16)(context << 8 | choice);
        enum outcome outcome = stop->step(s, number, choice);
        if (UNLIKELY(statements.count | covers.count | findings.count | edges.count))
            settle_notes(outcome, (int)context, (int)choice);
        if (choice == 0)
            rest[context] = (u8)outcome;
        step_met |= outcome <= ASSUMED_AWAY;
        able |= (u64)(outcome <= ASSUMED_AWAY) << context;
        if (outcome <= FATAL) {
            transitions++;
            if (touch_count > first)
                add_instance((int)context, (int)choice, first);
        } else {
            touch_count = first;
        }
    }
}

/* ---------------------------------------------------------------- data races */

/* A race on a cell violates its property; from then on nobody notes accesses to cells with this property. */
static void race(u32 cell, const struct instance *one, const struct instance *other)
{
    int property = race_property[cell];
    violated(property, expanding, one->context, one->choice, other->context, other->choice);
    for (u32 i = 0; i < RACE_CELLS; i++)
        race_known[i] |= race_property[i] == property;
}

static void conflicts(const struct instance *one, const struct instance *other)
{
    for (u32 i = one->first; i < one->end; i++)
        for (u32 j = other->first; j < other->end; j++) {
            u32 a = touches[i], b = touches[j];
            if (a >> 2 == b >> 2 && (a | b) & TOUCH_WRITE && !(a & b & TOUCH_MARKED) && !race_known[a >> 2])
                race(a >> 2, one, other);
        }
}

/* All pairs of steps of different contexts that conflict, in the order of the steps. The first race of a property is kept. */
static void check_races(void)
{
    for (u32 i = 0; i < instance_count; i++)
        for (u32 j = i + 1; j < instance_count; j++)
            if (instances[i].context != instances[j].context)
                conflicts(&instances[i], &instances[j]);
}

/* ---------------------------------------------------------------- the search */

/* No context has a step: say why each of them rests, then look at what is left behind. */
static void terminal(const u64 *s)
{
    terminals++;
    int stuck = 0;
    for (unsigned i = 0; i < CONTEXTS; i++) {
        if (rest[i] == LOST)
            violated_by_state(LOST_WAKEUP_PROPERTY, expanding);
        stuck |= rest[i] == BLOCKED;
    }
    if (stuck) {
        violated_by_state(DEADLOCK_PROPERTY, expanding);
        return;
    }
    if ((LEAK_PROPERTY < 0 || violations[LEAK_PROPERTY].state == NO_STATE) && leaks(s))
        violated_by_state(LEAK_PROPERTY, expanding);
    check_ends(s, expanding);
}

static void expand_state(u64 number)
{
    u64 s[WORDS];
    load_words(s, state_at(number));
    expanding = (u32)number;
    step_met = race_possible = 0;
    instance_count = touch_count = 0;
    able = 0;
    expand(s);
    begin_state(s, able);
    if (UNLIKELY(race_possible))
        check_races();
    if (!step_met)
        terminal(s);
}

static void report_progress(u64 expanded)
{
    static double reported;
    double time = now();
    if (time - reported < 0.25)
        return;
    reported = time;
    double seconds = time - started;
    fprintf(stderr, "progress %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %.0f %" PRIu64 "\n", stored, transitions, depth,
            stored - expanded, (double)stored / (seconds > 0 ? seconds : 1), bytes_used());
}

/* Why the search must end before it expands the state, if it must. */
static enum stop_reason limit_hit(u64 number)
{
    if (out_of_memory)
        return MEMORY;
    if (stored > limits.states)
        return STATES;
    if (depth >= limits.depth)
        return DEPTH;
    if (number % 1024 == 0) {
        if (interrupted)
            return INTERRUPTED;
        if (now() - started > limits.seconds)
            return TIMEOUT;
        if (bytes_used() > limits.bytes)
            return MEMORY;
        report_progress(number);
    }
    return EXHAUSTED;
}

static enum stop_reason search(void)
{
    if (!add_segment() || !resize_table(16))
        return MEMORY;
    struct successor first = {.parent = NO_STATE};
    memcpy(first.words, initial_words, sizeof first.words);
    first.hash = hash_words(first.words);
    insert(&first);
    level_end = stored;
    for (u64 number = 0;; number++) {
        /* The limit of states must see exact numbers; a level ends when all its states are known. */
        int level_over = number == level_end;
        if (level_over || successor_count + MAX_STEPS > SUCCESSORS || stored + successor_count > limits.states)
            insert_successors();
        if (level_over) {
            if (number == stored)
                return out_of_memory ? MEMORY : EXHAUSTED;
            level_end = stored;
            depth++;
        }
        enum stop_reason reason = limit_hit(number);
        if (reason) {
            insert_successors();
            return reason;
        }
        expand_state(number);
    }
}

/* ---------------------------------------------------------------- results */

static u64 path_length(u32 state)
{
    u64 length = 0;
    for (; state != NO_STATE; state = *parent_of(state))
        length++;
    return length;
}

/* The words of all states from the initial one to `state`, as an array of strings of hexadecimal words. */
static void print_path(u32 state)
{
    u64 length = path_length(state), w[WORDS];
    u32 *path = malloc(AT_LEAST_ONE(length) * sizeof *path);
    if (!path)
        bug(-1, -1, "no memory for a path");
    for (u64 i = length; i-- > 0; state = *parent_of(state))
        path[i] = state;
    printf("\"path\": [");
    for (u64 i = 0; i < length; i++) {
        load_words(w, state_at(path[i]));
        printf(i ? ", \"" : "\"");
        for (unsigned j = 0; j < WORDS; j++)
            printf(j ? " %" PRIx64 : "%" PRIx64, w[j]);
        printf("\"");
    }
    printf("]");
    free(path);
}

static void print_counts(const char *name, const u64 *counts, u32 number)
{
    const char *separator = "";
    printf(", \"%s\": {", name);
    for (u32 i = 0; i < number; i++)
        if (counts[i]) {
            printf("%s\"%" PRIu32 "\": %" PRIu64, separator, i, counts[i]);
            separator = ", ";
        }
    printf("}");
}

static void print_known(const char *name, const struct notes *notes, u32 number)
{
    const char *separator = "";
    printf(", \"%s\": [", name);
    for (u32 i = 0; i < number; i++)
        if (notes->flags[i] == KNOWN) {
            printf("%s%" PRIu32, separator, i);
            separator = ", ";
        }
    printf("]");
}

static void print_events(void)
{
    for (int i = 0; i < PROPERTIES; i++) {
        const struct violation *v = &violations[i];
        if (v->state == NO_STATE)
            continue;
        printf("{\"kind\": \"violation\", \"property\": %d, \"context\": %d, \"choice\": %d, ", i, v->context, v->choice);
        printf("\"other_context\": %d, \"other_choice\": %d, ", v->other_context, v->other_choice);
        print_path(v->state);
        printf("}\n");
    }
    for (u32 i = 0; i < EDGES; i++)
        if (edges.flags[i] == KNOWN) {
            printf("{\"kind\": \"edge\", \"edge\": %" PRIu32 ", ", i);
            print_path(edge_states[i]);
            printf("}\n");
        }
}

static void print_end(enum stop_reason reason, double seconds)
{
    u64 deepest = stored > level_end ? depth + 1 : depth;
    printf("{\"kind\": \"end\", \"reason\": \"%s\", \"states\": %" PRIu64 ", \"transitions\": %" PRIu64, reason_names[reason],
           stored, transitions);
    printf(", \"depth\": %" PRIu64 ", \"terminal\": %" PRIu64 ", \"seconds\": %.6f, \"bytes\": %" PRIu64, deepest, terminals,
           seconds, bytes_used());
    print_counts("cuts", cut_count, CUTS);
    print_counts("fatal", fatal_count, PROPERTIES);
    print_known("statements", &statements, STATEMENTS);
    print_known("covers", &covers, COVERS);
    printf("}\n");
}

/* Arguments: the most states, depth, seconds and bytes; "-" is no limit. */
static void read_limits(char **argument)
{
    limits.states = strcmp(argument[1], "-") ? strtoull(argument[1], NULL, 10) : UINT64_MAX;
    limits.depth = strcmp(argument[2], "-") ? strtoull(argument[2], NULL, 10) : UINT64_MAX;
    limits.seconds = strcmp(argument[3], "-") ? strtod(argument[3], NULL) : 1e300;
    limits.bytes = strcmp(argument[4], "-") ? strtoull(argument[4], NULL, 10) : UINT64_MAX;
}

int main(int count, char **argument)
{
    if (count != 5) {
        fprintf(stderr, "usage: %s MAX_STATES MAX_DEPTH SECONDS BYTES\n", argument[0]);
        return 2;
    }
    read_limits(argument);
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 1 << 20); /* large blocks grow in place and go back at once, by whatever size they are */
#endif
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    for (u32 i = 0; i < PROPERTIES; i++)
        violations[i].state = NO_STATE;
    started = now();
    enum stop_reason reason = search();
    if (reason == EXHAUSTED)
        pursue_goals();
    double seconds = now() - started;
    print_events();
    print_end(reason, seconds);
    return fflush(stdout) || ferror(stdout);
}
