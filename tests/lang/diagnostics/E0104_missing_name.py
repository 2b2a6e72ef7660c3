from psockmc.kernel.spinlock import spin_lokc, spinlock_t
from psockmc.kernel.spinlock import current
from psockmc.kernel.mutex import might_sleep
