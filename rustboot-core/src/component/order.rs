//! Puts nodes behind what they need, or finds the cycles. Numbers only: what they stand for does not matter here.

use std::collections::BTreeSet;

/// Kahn's algorithm with the smallest index first, so that the order is the same each time. Otherwise the cycles.
pub(super) fn topological(
    edges: &[Vec<usize>],
) -> std::result::Result<Vec<usize>, Vec<Vec<usize>>> {
    let mut waiting: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut dependents = vec![Vec::new(); edges.len()];
    for (i, needs) in edges.iter().enumerate() {
        for need in needs {
            dependents[*need].push(i);
        }
    }
    let mut ready: BTreeSet<usize> = (0..edges.len()).filter(|i| waiting[*i] == 0).collect();
    let mut order = Vec::with_capacity(edges.len());
    while let Some(i) = ready.pop_first() {
        order.push(i);
        for dependent in &dependents[i] {
            waiting[*dependent] -= 1;
            if waiting[*dependent] == 0 {
                ready.insert(*dependent);
            }
        }
    }
    if order.len() == edges.len() {
        return Ok(order);
    }
    let placed: BTreeSet<usize> = order.into_iter().collect();
    Err(cycles(edges, &placed))
}

/// One cycle for each group of nodes that could not be placed: follow what is needed until a node comes twice.
fn cycles(edges: &[Vec<usize>], placed: &BTreeSet<usize>) -> Vec<Vec<usize>> {
    let mut seen = placed.clone();
    let mut cycles = Vec::new();
    for start in 0..edges.len() {
        let mut path: Vec<usize> = Vec::new();
        let mut at = start;
        while !seen.contains(&at) {
            if let Some(first) = path.iter().position(|i| *i == at) {
                cycles.push(path[first..].to_vec());
                break;
            }
            path.push(at);
            match edges[at].iter().find(|need| !placed.contains(need)) {
                Some(next) => at = *next,
                None => break,
            }
        }
        seen.extend(path);
    }
    cycles
}
