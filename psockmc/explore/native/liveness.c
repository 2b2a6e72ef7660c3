/*
 * Goals: whether every fair run meets them. The algorithm is that of psockmc/explore/liveness.py, step by step, and so is the
 * lasso that is shown for a goal that is missed; see there for what the words mean.
 *
 * The search notes all edges in the order in which it makes them and what each state obliges whom to do. The generated functions
 * are
 *     note_obliged(s, able, o)   what fairness asks of whom in the state with the words s, where the contexts `able` can go on
 *     goal_holds(goal, s)        whether the state counts for a goal that has an expression
 */

#if GOALS

static struct obliged *obligations; /* by state */
static u64 *edge_first;             /* by state, and one more for the end */
static u64 edge_count, edge_room, noted_states, state_room;
static struct edge {
    u32 target;
    u16 move; /* context << 8 | choice */
} *edges_made;

static u64 graph_bytes(void)
{
    return edge_room * sizeof *edges_made + state_room * (sizeof *obligations + sizeof *edge_first);
}

/* Make room; 0 without memory. */
static int room_for(void **array, u64 elements, u64 size)
{
    void *larger = realloc(*array, elements * size);
    if (larger)
        *array = larger;
    return larger != NULL;
}

/* A state is about to be expanded: the next one by its number. */
static void begin_state(const u64 *s, u64 able)
{
    if (noted_states + 1 >= state_room) {
        u64 room = state_room ? 2 * state_room : 4096;
        if (!room_for((void **)&obligations, room, sizeof *obligations) || !room_for((void **)&edge_first, room, sizeof *edge_first)) {
            out_of_memory = 1;
            return;
        }
        state_room = room;
    }
    note_obliged(s, able, &obligations[noted_states++]);
}

static u64 begun; /* so many states have their first edge */

/* A successor was looked up: successors come in the order of their parents. */
static void note_edge(const struct successor *new, u32 number)
{
    if (new->parent == NO_STATE)
        return;
    if (edge_count == edge_room) {
        u64 room = edge_room ? 2 * edge_room : 16384;
        if (!room_for((void **)&edges_made, room, sizeof *edges_made)) {
            out_of_memory = 1;
            return;
        }
        edge_room = room;
    }
    while (begun <= new->parent)
        edge_first[begun++] = edge_count;
    edges_made[edge_count++] = (struct edge){number, new->move};
}

/* ---------------------------------------------------------------- sets of states */

struct set {
    u32 *states; /* ascending */
    u32 count;
};

static struct set *sets; /* components that are to be looked at */
static u32 set_count, set_room;
static u32 *mark; /* by state: the number of the set that is looked at, if the state is in it */
static u32 marks;
static u32 *number_of, *low, *stack, *work; /* Tarjan */
static u64 *next_edge;

static void *claim(u64 elements, u64 size)
{
    void *memory = calloc(AT_LEAST_ONE(elements), size);
    if (!memory)
        bug(-1, -1, "no memory for the search for cycles");
    return memory;
}

static int by_number(const void *a, const void *b)
{
    u32 one = *(const u32 *)a, other = *(const u32 *)b;
    return (one > other) - (one < other);
}

static void push_set(const u32 *states, u32 count)
{
    if (set_count == set_room) {
        set_room = set_room ? 2 * set_room : 64;
        if (!room_for((void **)&sets, set_room, sizeof *sets))
            bug(-1, -1, "no memory for the search for cycles");
    }
    struct set *new = &sets[set_count++];
    new->count = count;
    new->states = claim(count, sizeof *new->states);
    memcpy(new->states, states, count * sizeof *states);
    qsort(new->states, count, sizeof *states, by_number);
}

static void mark_set(const struct set *set)
{
    marks++;
    for (u32 i = 0; i < set->count; i++)
        mark[set->states[i]] = marks;
}

static int leads_to_itself(u32 state)
{
    for (u64 e = edge_first[state]; e < edge_first[state + 1]; e++)
        if (edges_made[e].target == state)
            return 1;
    return 0;
}

/* Push the strongly connected components that some edge stays in, of the graph restricted to a set. */
static void split(const struct set *set)
{
    u32 numbered = 0, depth_of_stack = 0;
    mark_set(set);
    for (u32 i = 0; i < set->count; i++)
        number_of[set->states[i]] = 0;
    for (u32 i = 0; i < set->count; i++) {
        u32 at = set->states[i], height = 0;
        if (number_of[at])
            continue;
        work[height++] = at;
        number_of[at] = low[at] = ++numbered;
        next_edge[at] = edge_first[at];
        stack[depth_of_stack++] = at;
        while (height) {
            at = work[height - 1];
            if (next_edge[at] < edge_first[at + 1]) {
                u32 target = edges_made[next_edge[at]++].target;
                if (mark[target] != marks)
                    continue;
                if (!number_of[target]) {
                    number_of[target] = low[target] = ++numbered;
                    next_edge[target] = edge_first[target];
                    stack[depth_of_stack++] = target;
                    work[height++] = target;
                } else if (number_of[target] < low[at]) {
                    low[at] = number_of[target];
                }
                continue;
            }
            if (--height && low[at] < low[work[height - 1]])
                low[work[height - 1]] = low[at];
            if (low[at] != number_of[at])
                continue;
            u32 first = depth_of_stack;
            do {
                first--;
                number_of[stack[first]] = UINT32_MAX; /* done: no way back */
            } while (stack[first] != at);
            if (depth_of_stack - first > 1 || leads_to_itself(at))
                push_set(stack + first, depth_of_stack - first);
            depth_of_stack = first;
        }
    }
}

/* The contexts that take steps inside of the set that is marked. */
static u64 moves_in(const struct set *set)
{
    u64 moves = 0;
    for (u32 i = 0; i < set->count; i++)
        for (u64 e = edge_first[set->states[i]]; e < edge_first[set->states[i] + 1]; e++)
            if (mark[edges_made[e].target] == marks)
                moves |= UINT64_C(1) << (edges_made[e].move >> 8);
    return moves;
}

/* Push what is left of a component without the states that a fair run leaves for ever; 1 when it is fair as it is. */
static int is_fair_or_split(const struct set *set, u64 moves)
{
    u64 always = ~moves;
    u32 count = 0;
    struct set rest = {claim(set->count, sizeof(u32)), 0};
    for (u32 i = 0; i < set->count; i++) {
        const struct obliged *o = &obligations[set->states[i]];
        always &= o->idle;
        if (o->others & ~moves)
            count++;
        else
            rest.states[rest.count++] = set->states[i];
    }
    if (!always && count)
        split(&rest);
    free(rest.states);
    return !always && !count;
}

/* ---------------------------------------------------------------- the way round */

static struct way {
    u32 *edges; /* numbers of edges */
    u32 count, room;
} way, home;

static u32 *came_by, *came_from, *seen; /* by state, of the walk `walks` */
static u32 walks;

static void add_edge(struct way *way, u32 edge)
{
    if (way->count == way->room) {
        way->room = way->room ? 2 * way->room : 256;
        if (!room_for((void **)&way->edges, way->room, sizeof *way->edges))
            bug(-1, -1, "no memory for a way");
    }
    way->edges[way->count++] = edge;
}

struct aim {
    u32 state;        /* a step to this state, or NO_STATE */
    u64 needed, idle; /* a step of one of these contexts, or to a state in which not all of `idle` can go on */
};

static int helps(const struct aim *aim, const struct edge *edge)
{
    if (aim->state != NO_STATE)
        return edge->target == aim->state;
    return ((aim->needed | aim->idle) >> (edge->move >> 8) & 1) || (aim->idle & ~obligations[edge->target].idle);
}

/* Add to a way the shortest one inside of the marked component whose last step helps. */
static void go_to_nearest(struct way *way, u32 start, const struct aim *aim)
{
    u32 first = 0, last = 0, length = 0;
    walks++;
    seen[start] = walks;
    work[last++] = start;
    while (first < last) {
        u32 at = work[first++];
        for (u64 e = edge_first[at]; e < edge_first[at + 1]; e++) {
            const struct edge *edge = &edges_made[e];
            if (mark[edge->target] != marks)
                continue;
            if (helps(aim, edge)) {
                stack[length++] = (u32)e;
                for (; at != start; at = came_from[at])
                    stack[length++] = came_by[at];
                while (length)
                    add_edge(way, stack[--length]);
                return;
            }
            if (seen[edge->target] != walks) {
                seen[edge->target] = walks;
                came_by[edge->target] = (u32)e;
                came_from[edge->target] = at;
                work[last++] = edge->target;
            }
        }
    }
    bug(-1, -1, "a fair component without a fair way round");
}

/* A fair way from a state of the component back to it, on which the contexts `must` take steps: in `way`. */
static void go_round(const struct set *component, u32 entry, u64 must)
{
    mark_set(component);
    way.count = 0;
    for (;;) {
        u32 at = way.count ? edges_made[way.edges[way.count - 1]].target : entry;
        home.count = 0;
        if (!way.count || at != entry)
            go_to_nearest(&home, at, &(struct aim){.state = entry});
        u64 movers = 0, idle = ~UINT64_C(0), others = 0;
        for (u32 i = 0; i < way.count + home.count; i++) {
            const struct edge *edge = &edges_made[i < way.count ? way.edges[i] : home.edges[i - way.count]];
            movers |= UINT64_C(1) << (edge->move >> 8);
            idle &= obligations[edge->target].idle;
            others |= obligations[edge->target].others;
        }
        struct aim lacking = {NO_STATE, (others | must) & ~movers, idle & ~movers};
        if (!lacking.needed && !lacking.idle)
            break;
        go_to_nearest(&way, at, &lacking);
    }
    for (u32 i = 0; i < home.count; i++)
        add_edge(&way, home.edges[i]);
}

/* ---------------------------------------------------------------- goals */

static int in_region(unsigned goal, u32 state)
{
    u64 w[WORDS];
    if (goal_contexts[goal] >= 0)
        return obligations[state].inside >> goal_contexts[goal] & 1;
    load_words(w, state_at(state));
    return !goal_holds(goal, w);
}

static void print_lasso(unsigned goal, u32 entry, const struct way *loop)
{
    printf("{\"kind\": \"lasso\", \"goal\": %u, \"loop\": [", goal);
    for (u32 i = 0; i < loop->count; i++) {
        u16 move = edges_made[loop->edges[i]].move;
        printf(i ? ", [%d, %d]" : "[%d, %d]", move >> 8, move & 255);
    }
    printf("], ");
    print_path(entry);
    printf("}\n");
}

/* The nearest lasso that misses a goal, if there is one. cyclic: the states that are on some cycle. */
static void pursue_goal(unsigned goal, const struct set *cyclic)
{
    u64 must = goal_contexts[goal] >= 0 ? UINT64_C(1) << goal_contexts[goal] : 0;
    u32 end = NO_STATE;
    for (u32 i = 0; !must && i < stored && end == NO_STATE; i++)
        if (!(obligations[i].idle | obligations[i].others) && in_region(goal, i))
            end = i;
    struct set region = {claim(cyclic->count, sizeof(u32)), 0}, best = {NULL, 0};
    for (u32 i = 0; i < cyclic->count; i++)
        if (in_region(goal, cyclic->states[i]))
            region.states[region.count++] = cyclic->states[i];
    split(&region);
    free(region.states);
    while (set_count) {
        struct set component = sets[--set_count];
        mark_set(&component);
        u64 moves = moves_in(&component);
        int fair = is_fair_or_split(&component, moves) && (moves & must) == must;
        if (fair && (!best.count || component.states[0] < best.states[0])) {
            free(best.states);
            best = component;
        } else {
            free(component.states);
        }
    }
    way.count = 0;
    if (best.count && (end == NO_STATE || best.states[0] < end)) {
        go_round(&best, best.states[0], must);
        print_lasso(goal, best.states[0], &way);
    } else if (end != NO_STATE) {
        print_lasso(goal, end, &way);
    }
    free(best.states);
}

static void pursue_goals(void)
{
    u32 **arrays[] = {&mark, &number_of, &low, &stack, &work, &came_by, &came_from, &seen};
    if (edge_count >= UINT32_MAX)
        bug(-1, -1, "more edges than the search for cycles can number");
    while (begun <= stored)
        edge_first[begun++] = edge_count;
    for (unsigned i = 0; i < sizeof arrays / sizeof *arrays; i++)
        *arrays[i] = claim(stored + 1, sizeof(u32));
    next_edge = claim(stored, sizeof *next_edge);
    struct set all = {claim(stored, sizeof(u32)), (u32)stored}, cyclic = {claim(stored, sizeof(u32)), 0};
    for (u32 i = 0; i < stored; i++)
        all.states[i] = i;
    split(&all);
    u8 *in_cycle = claim(stored, 1);
    while (set_count) {
        struct set component = sets[--set_count];
        for (u32 i = 0; i < component.count; i++)
            in_cycle[component.states[i]] = 1;
        free(component.states);
    }
    for (u32 i = 0; i < stored; i++)
        if (in_cycle[i])
            cyclic.states[cyclic.count++] = i;
    for (unsigned goal = 0; goal < GOALS; goal++)
        pursue_goal(goal, &cyclic);
}

#endif
