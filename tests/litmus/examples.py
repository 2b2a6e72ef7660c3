"""Small litmus tests that the tests of explanations, pictures and weakening share."""

from __future__ import annotations

from psockmc.litmus.answer import Answer, Options, decide
from psockmc.litmus.parser import parse

MP_FENCES = """C MP+wmb+rmb

{}

P0(int *buf, int *flag)
{
	WRITE_ONCE(*buf, 1);
	smp_wmb();
	WRITE_ONCE(*flag, 1);
}

P1(int *buf, int *flag)
{
	int r0; int r1;

	r0 = READ_ONCE(*flag);
	smp_rmb();
	r1 = READ_ONCE(*buf);
}

exists (1:r0=1 /\\ 1:r1=0)
"""

MP = MP_FENCES.replace("\tsmp_wmb();\n", "").replace("\tsmp_rmb();\n", "").replace("+wmb+rmb", "")

IRIW_MBS = """C IRIW+mbs

{}

P0(int *x) { WRITE_ONCE(*x, 1); }
P1(int *y) { WRITE_ONCE(*y, 1); }

P2(int *x, int *y)
{
	int r0; int r1;

	r0 = READ_ONCE(*x);
	smp_mb();
	r1 = READ_ONCE(*y);
}

P3(int *x, int *y)
{
	int r0; int r1;

	r0 = READ_ONCE(*y);
	smp_mb();
	r1 = READ_ONCE(*x);
}

exists (2:r0=1 /\\ 2:r1=0 /\\ 3:r0=1 /\\ 3:r1=0)
"""

RCU = """C reader-and-grace-period

{ int *p=old; int old=1; }

P0(int **p)
{
	int *r0; int r1;

	rcu_read_lock();
	r0 = rcu_dereference(*p);
	r1 = READ_ONCE(*r0);
	rcu_read_unlock();
}

P1(int **p, int *old, int *new)
{
	rcu_assign_pointer(*p, new);
	synchronize_rcu();
	WRITE_ONCE(*old, 9);
}

exists (0:r1=9)
"""

PLAIN_PUBLICATION = """C plain-publication

{ int *p=0; int x=0; }

P0(int **p, int *x)
{
	*x = 1;
	smp_store_release(p, x);
}

P1(int **p)
{
	int *r0; int r1 = 5;

	r0 = READ_ONCE(*p);
	if (r0)
		r1 = *r0;
}

exists (1:r1=0)
"""

RACE = PLAIN_PUBLICATION.replace("smp_store_release(p, x)", "WRITE_ONCE(*p, x)").replace("plain-publication", "race")

CORR = """C CoRR

{}

P0(int *x) { WRITE_ONCE(*x, 1); }

P1(int *x)
{
	int r0; int r1;

	r0 = READ_ONCE(*x);
	r1 = READ_ONCE(*x);
}

exists (1:r0=1 /\\ 1:r1=0)
"""

ATOMIC = """C two-exchanges

{}

P0(int *x) { int r0; r0 = xchg_relaxed(x, 1); }
P1(int *x) { int r0; r0 = xchg_relaxed(x, 2); }

exists (0:r0=0 /\\ 1:r0=0)
"""

LOCKS = """C locked-increments

{}

P0(int *x, spinlock_t *lock)
{
	int r0;

	spin_lock(lock);
	r0 = READ_ONCE(*x);
	WRITE_ONCE(*x, r0 + 1);
	spin_unlock(lock);
}

P1(int *x, spinlock_t *lock)
{
	int r0;

	spin_lock(lock);
	r0 = READ_ONCE(*x);
	WRITE_ONCE(*x, r0 + 1);
	spin_unlock(lock);
}

exists (x=1)
"""

LAST_PUT = """C last-put

{ int ref=2; int object=1; }

P0(int *ref, int *object)
{
	int r0; int r1;

	r0 = READ_ONCE(*object);
	r1 = refcount_dec_and_test(ref);
}

P1(int *ref, int *object)
{
	int r1;

	r1 = refcount_dec_and_test(ref);
	if (r1)
		WRITE_ONCE(*object, 9);
}

exists (0:r0=9)
"""

UNREACHABLE = """C nobody-writes-7

{}

P0(int *x) { int r0; r0 = READ_ONCE(*x); }

exists (0:r0=7)
"""


def answer(text: str, model: str = "6.1") -> Answer:
    """The answer to the text of a test."""
    return decide(parse(text), Options(model=model))
