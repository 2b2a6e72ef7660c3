"""The kernel's primitives, written in the modelling language of docs/language.md.

These files are parsed with the models, never imported and run; a model takes them by
`from psockmc.kernel.spinlock import spinlock_t, spin_lock`. Each states what its primitive does to the state, when it
blocks and which findings it raises by itself:

    spinlock    spin_lock and its _bh and _irqsave forms, spin_trylock
    rwlock      read_lock, write_lock (queued rwlocks, recursive readers)
    mutex       mutex_lock, mutex_trylock
    socklock    lock_sock, bh_lock_sock, sock_owned_by_user, release_sock
    refcount    refcount_t
    rcu         call_rcu, synchronize_rcu, queue_rcu_work
    work        work_struct, delayed_work, queueing, cancelling, flushing
    wait        wait queues
    sleep       might_sleep

A comment on steps that holds for all of them: a lock word, a counter or a pending bit changes by one atomic
instruction on the hardware, so `with atomic(...)` in these files joins no two things that a CPU does separately,
unless the docstring says so and why nothing is lost.
"""
