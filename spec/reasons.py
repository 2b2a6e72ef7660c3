"""Why scenarios expect what they expect: the sentences that several of them share."""

# ---------------------------------------------------------------- sk_prot is loaded plainly, and stored by WRITE_ONCE()

CLOSE_LOADS_SK_PROT = (
    "inet_release() and inet_csk_destroy_sock() load sk_prot plainly while sk_psock_drop() stores it by WRITE_ONCE()"
)
RELEASE_LOADS_SK_PROT = "inet_release() loads sk_prot plainly while a detach stores it by WRITE_ONCE()"
DESTROY_LOADS_SK_PROT = "inet_csk_destroy_sock() loads sk_prot plainly while sk_psock_drop() stores it by WRITE_ONCE()"
UNIX_RELEASE_LOADS_SK_PROT = "unix_release() loads sk_prot plainly while a detach stores it by WRITE_ONCE()"
LINK_LOADS_SK_PROT = (
    "sock_map_link() and what it calls load sk_prot plainly, without the lock under which a detach stores"
    " it by WRITE_ONCE()"
)
IOCTL_LOADS_SK_PROT = (
    "inet_ioctl() looks plainly whether the table has an ioctl while an update or a detach stores sk_prot by "
    "WRITE_ONCE(); it loads the table anew for the call"
)
UPDATE_LOADS_SK_PROT = (
    "sock_map_update_elem_sys() loads sk_prot plainly before it owns the socket, while another update "
    "stores it by WRITE_ONCE()"
)
UPDATE_LOADS_SK_PROT_OVER_DETACH = (
    "sock_map_update_elem_sys() loads sk_prot plainly before it owns the socket, while a detach "
    "stores it by WRITE_ONCE()"
)

# ---------------------------------------------------------------- other fields of a socket

STATE_IS_READ_WITHOUT_THE_SOCKET = "sk_state is read plainly by those who do not hold the socket"
REDIRECT_READS_SK_STATE = "bpf_msg_redirect_map() reads sk_state plainly, without a lock on the target"
ORPHAN_CLEARS_SK_WQ = "sock_orphan() clears sk_wq plainly; who wakes readers loads it by rcu_dereference()"
ORPHAN_SETS_SOCK_DEAD = "sock_orphan() sets SOCK_DEAD by __set_bit(), which is plain, and others test it without a lock"
SOCK_CLOSE_CLEARS_OPS = "sock_close() clears ops plainly, which the verdict reads by READ_ONCE()"
RESTORE_STORES_UNHASH = (
    "the restore stores unhash into the table that the socket has, which others use and tcp_set_state() reads plainly"
)
LISTENER_WAKES_NOBODY = (
    "sk_data_ready of the listening socket is the verdict's, which gets -ENOTCONN from tcp_read_skb() and wakes nobody"
)
CLONE_COPIES_CALLBACKS = (
    "sk_clone() copies sk_data_ready and sk_write_space of a listener that is in a map with a program, "
    "and tcp_bpf_clone() gives the copy back its table only"
)

# ---------------------------------------------------------------- queues

BACKLOG_PEEKS_WITHOUT_THE_LOCK = (
    "skb_peek() in the backlog looks at the queue without its lock while skb_queue_tail() adds to it"
)
RECVMSG_LOOKS_AT_THE_QUEUE = "tcp_bpf_recvmsg() looks at the receive queue plainly before it owns the socket"
UDP_LEAVES_IT_TO_THE_NATIVE_READ = (
    "udp_bpf_recvmsg() leaves it to the native read when the psock has nothing yet; that one sleeps until something is "
    "on the native queue, which the verdict empties"
)
UNIX_DOES_NOT_SLEEP_AND_GIVES_UP = (
    "unix_msg_wait_data() sees that data has come since unix_bpf_recvmsg() looked, does not sleep, and returns 0 as if "
    "time were up"
)
UNIX_RECVMSG_LOOKS_AT_THE_QUEUE = "unix_bpf_recvmsg() looks at the receive queue plainly, without the queue's lock"
DESTROY_UNCHARGES_WITHOUT_THE_SOCKET = (
    "sk_psock_destroy() frees messages that nobody has read, and uncharges them without the socket"
)

# ---------------------------------------------------------------- programs and maps

IOCTL_READS_THE_PROGRAM = "tcp_bpf_ioctl() reads the program plainly while sk_psock_stop_verdict() exchanges it"
UPDATE_PROTO_READS_THE_PROGRAM = "tcp_bpf_update_proto() reads the program plainly while sock_map_link() exchanges it"
DEL_LINK_LOOKS_AT_SAVED_DATA_READY = (
    "sock_map_del_link() looks at it under link_lock while sk_psock_stop_verdict() clears it plainly under "
    "sk_callback_lock"
)
INIT_PROTO_STORES_PLAINLY = (
    "sock_map_init_proto() stores it plainly without the callback lock under which sock_map_del_link() reads it"
)
UPDATE_ELEM_IGNORES_THE_OWNER = (
    "sock_map_update_elem() does not ask who owns the socket, so the psock comes after close() chose "
    "tcp_close(), which does not wait for the backlog"
)
