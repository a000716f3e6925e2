//! The invariants of `crates/README.md` that a machine can hold.
//!
//! Most of them are absences: no runtime under the engine, no clock outside the shell, no wire
//! struct for others to see. An absence is lost silently, by one line in one commit, so it is
//! looked for here, in the manifests and in the tokens of every source file. What the compiler
//! already refuses (a request without a permit) and what only a run can show (an order sent
//! twice) are held elsewhere.
//!
//! The hard part is to be believed in both directions. Rules read tokens and not text, so a
//! comment or a string never sets one off; and every rule is a pure function from a [`Workspace`]
//! to the sentences that say what is wrong, so each is shown a workspace that breaks it and has
//! to find the break.

mod absences;
mod floors;
mod layout;
mod lexemes;
mod permit;
mod secrets;
mod specimen;
mod wire;
mod workspace;

use workspace::Workspace;

/// One sentence for each thing that is wrong: where, what, and the way out.
type Violations = Vec<String>;

/// Holds this very workspace to `rule`.
fn hold(rule: fn(&Workspace) -> Violations) {
    let workspace = Workspace::load(&workspace::root()).expect("this workspace can be read");
    let violations = rule(&workspace);
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn every_arrow_between_crates_goes_down_a_floor() {
    hold(floors::arrows);
}

#[test]
fn what_decides_depends_on_nothing_that_does_io() {
    hold(floors::io_under_the_shell);
}

#[test]
fn the_simulator_and_the_adapters_meet_only_as_bytes() {
    hold(floors::simulator_and_adapters);
}

#[test]
fn what_decides_has_no_futures_no_floats_and_no_order_by_chance() {
    hold(absences::in_pure_crates);
}

#[test]
fn clocks_and_chance_enter_through_one_door_each() {
    hold(absences::of_clocks_and_chance);
}

#[test]
fn only_its_adapter_and_the_simulator_spell_a_venues_words() {
    hold(absences::of_wire_names);
}

#[test]
fn a_wire_struct_is_never_public() {
    hold(wire::public_structs);
}

#[test]
fn only_the_scheduler_makes_a_permit() {
    hold(permit::forgeries);
}

#[test]
fn a_type_that_holds_a_secret_does_not_derive_a_way_to_print_it() {
    hold(secrets::printable);
}

#[test]
fn every_member_keeps_the_house_rules_in_its_manifest() {
    hold(layout::manifests);
}

#[test]
fn every_crate_has_its_paragraph_on_the_architecture_page() {
    hold(layout::undescribed);
}

#[test]
fn the_top_level_holds_what_it_should_and_nothing_else() {
    hold(layout::top_level);
}
