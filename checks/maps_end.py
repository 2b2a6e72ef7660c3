"""Maps that end: while a socket in them is closed, or when nobody else holds their programs."""

from psockmc.lang import VIOLATED, process, scenario

from models.setups import map_with_an_end
from models.setups_programs import map_with_message_and_skb_programs, map_with_parser_and_verdict
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.skmsg_verdict import bpf_prog
from models.sock import sock, socket
from models.sock_map import bpf_stab
from models.syscalls import fd0, mapfd0, sys_close, sys_map_close, sys_map_delete_then_close
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_maps import MAPS
from spec.invariants_programs import PROGRAMS
from spec.invariants_strp import PARSER
from spec.reasons import CLOSE_LOADS_SK_PROT

end_of_message_and_skb_programs = scenario(
    "a map with an SK_MSG program and a skb_verdict is freed with the socket in it",
    setup=map_with_message_and_skb_programs,
    run=[process(sys_map_close, mapfd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_stab: 1, bpf_prog: 2, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + PROGRAMS,
)

end_of_parser_and_verdict = scenario(
    "a map with a stream parser and a stream_verdict is freed with the socket in it",
    setup=map_with_parser_and_verdict,
    run=[process(sys_map_close, mapfd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_stab: 1, bpf_prog: 2, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + PARSER + PROGRAMS,
)

map_emptied_and_freed_against_close = scenario(
    "a slot is emptied and the map freed while the socket that was in it is closed",
    setup=map_with_an_end,
    run=[process(sys_map_delete_then_close, mapfd0, 0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_stab: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)
