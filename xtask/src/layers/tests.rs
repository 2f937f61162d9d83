use std::path::Path;

use super::*;

fn workspace() -> (Graph, Table) {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    (Graph::read(root).unwrap(), Table::read(root).unwrap())
}

#[test]
fn the_workspace_is_in_order_and_every_planted_violation_is_refused() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    run(root, true).unwrap();
}

#[test]
fn a_violation_says_by_which_chain_the_forbidden_crate_is_reached() {
    let (mut graph, table) = workspace();
    graph.plant("url", "tracing");
    let found = violations(&graph, &table);
    assert!(found.iter().any(|v| v.contains("naba-model -> url -> tracing")), "{found:#?}");
}

#[test]
fn an_arrow_without_a_known_end_is_a_problem_of_the_table() {
    let (_, mut table) = workspace();
    table.arrow.push(table::Arrow { from: "naba-nobody".into(), to: "*".into(), why: "because".into() });
    assert_eq!(table.problems(), ["layers.toml: arrow names \"naba-nobody\", which has no layer"]);
}
