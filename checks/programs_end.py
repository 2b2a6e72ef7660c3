"""Maps that end, and sockets that leave them, when nobody else holds the programs."""

from psockmc.lang import process, scenario

from models.setups_programs import map_with_message_and_skb_programs, map_with_parser_and_verdict
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.skmsg_verdict import bpf_prog
from models.sock import sock, socket
from models.sock_map import bpf_stab
from models.syscalls import mapfd0, sys_map_close
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_programs import PROGRAMS
from spec.invariants_strp import PARSER

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
