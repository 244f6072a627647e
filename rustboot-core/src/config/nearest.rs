//! "Did you mean": the known name closest to a wrong one.

/// The candidate that is close enough to `wrong` to be worth suggesting, compared without case, `-` and `_`.
pub(crate) fn nearest<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = |s: &str| s.replace(['-', '_'], "").to_lowercase();
    let wrong = plain(wrong);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&wrong, &plain(candidate)),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(wrong.len()) / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}
