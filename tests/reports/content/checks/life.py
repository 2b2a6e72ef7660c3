"""Its scenarios."""

from psockmc.lang import process, scenario

from models.life import sk0, sk_psock, sock_map_update, tcp_bpf_sendmsg

alone = scenario("a psock comes and goes", run=[process(sock_map_update, sk0)], pools={sk_psock: 1}, quick=True)

with_a_sender = scenario(
    "a psock comes and goes while somebody sends",
    run=[process(sock_map_update, sk0), process(tcp_bpf_sendmsg, sk0)],
    pools={sk_psock: 1},
    quick=True,
)

twice = scenario(
    "a psock comes after another one",
    run=[process(sock_map_update, sk0), process(sock_map_update, sk0)],
    pools={sk_psock: 2},
)

nobody = scenario("there is no psock", run=[process(tcp_bpf_sendmsg, sk0)], quick=True)
