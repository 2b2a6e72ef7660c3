from psockmc.lang import Ctx, Lock, u32


class spinlock_t(Lock):
    locked: u32


class rwlock_t(Lock):
    owner: Ctx
    readers: u32
