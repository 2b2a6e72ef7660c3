"""Every property can fail: each is violated by current code, by a bug of the corpus, or by a break of its own.

A property that nothing violates says nothing when it holds. The breaks (tests/models/breaks) are variants that no
kernel ever had; each is there for the properties beside it. A few are bugs of the corpus, which break more than one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from psockmc import content
from psockmc.corpus import load_corpus
from psockmc.explore import native
from psockmc.explore.limits import Limits
from psockmc.ir.lower import compile_scenario
from psockmc.lang.tree import Program

ROOT = Path(__file__).parents[2]
FOLDERS = [Path(__file__).parent / "breaks", ROOT / "models" / "variants"]

BREAKS = [
    ("I01", "every_put_drops", "hash_program_looks_up_over_close"),
    ("I02", "every_put_drops", "delete_against_backlog"),
    ("I03-end", "nobody_puts_a_psock", "occupied_slot_against_delete"),
    ("I04", "slots_stay", "delete_against_backlog"),
    ("I04-hash", "elements_stay", "hash_program_looks_up_over_close"),
    ("I05", "links_stay", "program_updates_over_update_of_itself"),
    ("I05-entry", "links_stay", "delete_from_the_map_without_a_program"),
    ("I05-hash", "two_links_for_an_element", "hash_program_updates_over_update"),
    ("I06", "links_stay", "delete_against_backlog"),
    ("I07", "user_data_stays", "delete_against_backlog"),
    ("I08", "drop_without_lock", "program_deletes_over_close"),
    ("I09", "drop_without_lock", "program_deletes_over_close"),
    ("I10", "restored_twice", "delete_against_backlog"),
    ("I13-live", "protocol_stays", "close_retries"),
    ("I14", "protocol_stays", "late_backlog_of_an_old_psock"),
    ("I15", "close_is_not_saved", "delete_against_backlog"),
    ("I15-called", "close_is_forgotten", "close_against_delete"),
    ("I16-parser", "parser_is_not_installed", "delete_after_the_parser_was_detached"),
    ("I18-parser", "callback_stays_without_verdict", "delete_after_the_parser_was_detached"),
    ("I22", "parser_without_callback_lock", "packets_for_the_parser_against_delete"),
    ("I23", "stop_does_nothing", "delete_against_backlog"),
    ("I25", "purge_leaves_messages", "unread_data_when_the_psock_goes"),
    ("I26-cork", "cork_on_the_stack", "cork_against_delete"),
    ("I27", "skb_without_reference", "delete_against_backlog"),
    ("I28", "destroy_does_not_wait", "delete_against_backlog"),
    ("I29", "close_does_not_wait", "close_against_backlog"),
    ("I31-head", "state_of_another_skb", "partial_sends"),
    ("I33", "redirect_to_the_wrong_queue", "redirect_over_backlog"),
    ("I34-hash", "elements_stay", "hash_program_looks_up_over_close"),
    ("I34-hash-closed", "close_forgets_the_maps", "hash_program_looks_up_over_close"),
    ("I35", "reader_does_not_count", "peek_against_packet"),
    ("I36", "purge_without_accounts", "delete_against_backlog"),
    ("I37", "reader_counts_without_lock", "peek_against_packet"),
    ("I38", "buffers_stay_charged", "receive_memory"),
    ("I38-messages", "purge_without_accounts", "redirect_to_itself"),
    ("I38-purged", "unacknowledged_data_stays", "unaccepted_connection_with_unacknowledged_data"),
    ("I40", "self_redirect_is_a_redirect", "redirect_to_itself_over_reader"),
    ("I48", "put_under_callback_lock", "program_deletes_over_delete"),
    ("I49", "redirect_owns_both_sockets", "redirect_against_own_delete"),
    ("I50", "map_forgets_closers", "hash_free_against_close"),
    ("I51", "entry_put_twice", "program_deletes_over_delete"),
    ("I53", "encryption_beside_a_psock", "encryption_against_delete"),
    ("I54", "clash_is_not_tested", "second_verdict_against_delete"),
    ("I55-kept", "every_entry_stops_the_verdict", "delete_from_the_map_without_a_program"),
    ("I56-peer", "peer_is_not_cleared", "unix_copy_over_close"),
    ("I59", "reader_is_not_told", "packets_over_reader"),
    ("I59-live", "reader_is_not_told", "reader_of_a_packet"),
    ("I61-live", "backlog_does_nothing", "reader_of_redirected_data"),
    ("I61-rest", "backlog_never_rests", "reader_of_redirected_data"),
    ("I63", "consumed_message_stays", "packet_over_peek"),
    ("I64", "ingress_bypass_while_backlog_busy", "packets_over_reader"),
    ("buffers-freed", "buffers_stay_after_reading", "unix_message_is_read"),
    ("closed-freed", "nobody_puts_a_socket", "in_and_out_of_a_map"),
    ("messages-freed", "nobody_frees_messages", "redirected_message_is_read"),
    ("own-callbacks", "write_space_is_lost", "udp_in_and_out_of_a_map"),
    ("own-entries", "delete_takes_whoever_is_there", "program_replaces_over_close"),
    ("own-functions", "table_is_not_replaced", "in_and_out_of_a_map"),
    ("own-table", "table_is_not_replaced", "in_and_out_of_a_map_with_programs"),
    ("pair-held", "peer_is_not_held", "unix_in_and_out_of_a_map"),
    ("redirect-target", "any_target_will_do", "message_for_udp"),
    ("programs-allocated", "programs_are_not_held", "skb_programs_go_while_a_program_updates"),
    ("file-references", "files_are_not_put", "occupied_slot_against_delete"),
    ("program-references", "programs_are_not_put", "exchange_of_a_program_against_update"),
    ("link-program", "link_keeps_its_program", "update_of_a_link_against_detach"),
    ("use-after-free", "query_without_rcu", "query_against_detach"),
    ("chain", "chain_is_cut", "two_keys_of_a_hash_map"),
    ("one-verdict", "map_takes_every_program", "programs_in_order"),
    ("htab-count", "elements_are_not_counted", "hash_program_updates_over_delete"),
]
"""A property, what breaks it, and a scenario that notices."""


def variant(name: str) -> Path:
    """The file of a break."""
    return next(folder / f"{name}.py" for folder in FOLDERS if (folder / f"{name}.py").exists())


def test_every_property_is_violated_somewhere(program: Program) -> None:
    violated = {id for id, _, _ in BREAKS} | {bug.property for bug in load_corpus(ROOT)}
    violated |= {id for scenario in program.scenarios.values() for id in scenario.expect}
    used = {program.functions[name].property_id for s in program.scenarios.values() for name in s.properties}
    assert used - violated == {"I26"}, "I26 is found by `list-corruption` before it could fail"


@pytest.mark.slow
@pytest.mark.skipif(bool(native.available()), reason="the native engine needs a C compiler")
@pytest.mark.parametrize(("id", "name", "scenario_"), BREAKS, ids=[f"{row[0]}-{row[1]}" for row in BREAKS])
def test_a_break_is_noticed(id: str, name: str, scenario_: str) -> None:
    program = content.load(ROOT, [variant(name)])
    ts = compile_scenario(program, scenario_)
    result = native.search_native(ts, Limits(), None)
    assert id in {ts.properties[v.property].id for v in result.violations}
