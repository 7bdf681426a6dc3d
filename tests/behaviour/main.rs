//! What every adapter promises: each scenario is written once and run on every lane, and a matrix is printed.
//!
//! `cargo test -p openclaw-tests --test behaviour -- [--list] [NAME…]` runs the scenarios whose name contains one of the
//! names.

mod calls;
mod certificates;
mod dialing;
mod edge;
mod events;
mod hello;
mod matrix;
mod pressure;
mod proxy;
mod reconnecting;
mod recording;
mod scene;
mod secured;
mod shutdown;
mod tls;
mod trust;

use matrix::Scenario;
use openclaw_tests::lane::Lane;

/// A scenario that a lane cannot have, and why.
const NOT_APPLICABLE: &[(&str, Lane, &str)] = &[];

/// Names a function as a scenario, so that no name can differ from its function's.
macro_rules! scenarios {
    ($($module:ident: $($name:ident),+;)+) => {
        &[$($(Scenario { group: stringify!($module), name: stringify!($name), run: $module::$name },)+)+]
    };
}

/// Every scenario. A function that is missing here is dead code, which the build refuses.
const SCENARIOS: &[Scenario] = scenarios! {
    hello:
        a_client_becomes_ready_and_knows_what_the_gateway_said,
        less_scope_than_asked_for_is_told,
        the_upgrade_offers_no_compression_and_no_origin,
        what_comes_behind_the_hello_in_part_is_not_lost,
        a_hello_may_come_in_parts_with_pings_between_them;
    calls:
        a_call_gives_its_typed_answer,
        a_thousand_concurrent_calls_each_get_their_own_answer,
        a_refusal_keeps_the_whole_error_body,
        a_request_before_start_waits_for_the_connection,
        both_stages_of_a_two_stage_call_reach_the_caller,
        a_second_answer_that_never_comes_ends_with_its_own_deadline,
        a_deadline_ends_a_call_and_not_the_connection,
        dropping_a_call_cancels_it_and_its_answer_is_counted_as_late,
        pending_calls_end_at_once_when_the_connection_does;
    events:
        events_come_in_order_annotated_and_filtered_by_name,
        events_before_hello_come_before_ready,
        a_handler_is_free_to_make_requests,
        a_stuck_handler_delays_no_other,
        a_slow_reader_gets_a_lag_notice_and_the_connection_lives,
        ten_thousand_frames_in_one_burst_all_arrive_in_order;
    reconnecting:
        a_lost_connection_is_made_again_and_calls_go_on,
        a_gateway_that_vanishes_without_a_close_frame_is_told_as_such,
        a_restarted_gateway_is_found_again_and_events_go_on,
        a_draining_gateway_gets_no_new_requests_and_they_are_kept_for_its_successor,
        a_nudge_ends_the_backoff,
        a_pause_that_a_nudge_has_ended_is_not_told_again,
        a_gateway_that_falls_silent_is_given_up;
    shutdown:
        shutting_down_closes_politely_when_ready,
        shutting_down_when_idle_or_stopped_is_no_error,
        shutting_down_while_dialing_does_not_wait_for_the_dial,
        shutting_down_while_handshaking_ends_it,
        shutting_down_in_backoff_ends_it,
        dropping_the_last_handle_closes_the_connection,
        a_stopped_client_can_be_started_again;
    dialing:
        a_refused_upgrade_keeps_status_headers_and_body,
        each_way_of_not_connecting_has_its_own_error,
        a_black_hole_is_given_up_after_the_time_for_dialing,
        no_byte_leaves_for_an_address_the_plaintext_policy_refuses;
    pressure:
        pings_are_answered_without_the_application,
        a_frame_of_exactly_the_inbound_limit_arrives_and_one_byte_more_ends_the_connection,
        a_reply_of_the_largest_size_arrives_whole,
        a_request_of_the_largest_size_leaves_whole,
        a_peer_that_stops_reading_is_dropped_after_the_write_limit_and_reading_goes_on_meanwhile,
        both_sides_with_much_to_say_do_not_wait_for_each_other;
    tls:
        wss_works_with_a_trusted_certificate_and_fails_typed_with_another,
        a_hundred_frames_in_one_tls_record_all_arrive,
        both_sides_with_much_to_say_over_tls_do_not_wait_for_each_other,
        the_peer_is_told_that_tls_ends;
    trust:
        a_pinned_certificate_is_believed_in_every_spelling_and_whoever_issued_it,
        another_certificate_than_the_pinned_one_hears_not_a_byte_of_http,
        a_wrong_pin_pauses_and_is_not_asked_again,
        one_of_several_pins_is_enough,
        a_pinned_certificate_is_worth_nothing_without_its_key,
        the_pin_is_compared_at_every_reconnect,
        every_fault_of_a_certificate_is_told_in_words_and_hears_not_a_byte_of_http,
        an_added_authority_is_believed_alone_or_beside_the_platform_s,
        a_client_certificate_is_shown_to_a_gateway_that_asks,
        a_pin_beside_verification_needs_both,
        trust_that_cannot_be_had_is_refused_before_anything_leaves;
    edge:
        edge_headers_arrive_under_tls,
        edge_headers_are_refused_where_everybody_could_read_them,
        a_redirect_is_told_and_not_followed;
    proxy:
        a_plain_connection_goes_through_a_tunnel,
        tls_and_pins_hold_from_end_to_end_through_a_tunnel,
        a_proxy_that_refuses_is_told_with_its_status,
        what_is_no_proxy_is_told_as_such,
        a_proxy_that_says_nothing_is_given_up_after_the_time_for_dialing,
        what_no_proxy_names_is_reached_directly,
        this_machine_is_reached_directly,
        a_proxy_that_cannot_be_used_is_refused_before_anything_leaves;
    recording:
        a_recording_replays_to_the_last_line,
        a_session_with_a_gateway_is_replayed_byte_for_byte,
        the_last_of_a_recording_is_there_while_the_client_lives,
        the_last_of_a_recording_reaches_the_writer_at_the_end,
        a_recording_tells_how_the_gateway_is_known_and_replays,
        a_recording_that_cannot_be_written_costs_nothing_but_itself,
        a_scripted_life_has_the_same_outputs_on_every_lane;
};

fn main() -> std::process::ExitCode {
    matrix::run(SCENARIOS, NOT_APPLICABLE)
}
