//! Two short texts side by side: which characters differ, and where both have come to the same place.

/// What of two texts differs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Differing {
    /// A mark for each character of the first, as far as it goes along with the second.
    pub(super) here: Vec<bool>,
    /// A mark for each character of the second.
    pub(super) there: Vec<bool>,
}

/// What a character of the second text costs that is not in the first, where one of the first costs 1: the second is short
/// and must be found, however much of the first lies between.
const MISSING: usize = 8;

/// Compares all of `there` with as much of `here` as it stands for: the shortest beginning that has the most of it
/// with the least between. Takes time in proportion to the product of the lengths.
pub(super) fn marks(here: &[char], there: &[char]) -> Differing {
    // costs[i][j]: of the characters that only one of here[..i] and there[..j] has.
    let mut costs = vec![vec![0_usize; there.len() + 1]; here.len() + 1];
    for i in 0..=here.len() {
        for j in 0..=there.len() {
            costs[i][j] = match (i, j) {
                (0, _) => j * MISSING,
                (_, 0) => i,
                _ if here[i - 1] == there[j - 1] => costs[i - 1][j - 1],
                _ => (1 + costs[i - 1][j]).min(MISSING + costs[i][j - 1]),
            };
        }
    }
    let end = (0..=here.len()).min_by_key(|i| costs[*i][there.len()]).unwrap_or(0);
    let mut marks = Differing { here: vec![false; end], there: vec![false; there.len()] };
    let (mut i, mut j) = (end, there.len());
    while i > 0 || j > 0 {
        if i > 0 && j > 0 && here[i - 1] == there[j - 1] {
            (i, j) = (i - 1, j - 1);
        } else if j == 0 || (i > 0 && costs[i][j] == 1 + costs[i - 1][j]) {
            i -= 1;
            marks.here[i] = true;
        } else {
            j -= 1;
            marks.there[j] = true;
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts with what is marked in brackets.
    fn marked(here: &str, there: &str) -> (String, String) {
        let characters = |text: &str| text.chars().collect::<Vec<char>>();
        let (here, there) = (characters(here), characters(there));
        let marks = marks(&here, &there);
        let shown = |text: &[char], marks: &[bool]| -> String {
            let one = |(character, mark): (&char, &bool)| {
                if *mark { format!("[{character}]") } else { character.to_string() }
            };
            text.iter().zip(marks).map(one).collect::<String>().replace("][", "")
        };
        (shown(&here, &marks.here), shown(&there, &marks.there))
    }

    #[test]
    fn only_what_differs_is_marked_and_both_end_at_the_same_place() {
        let (here, there) = marked("␊  \"event\": \"desktop.app_tracking", "\"event\":\"desktop");
        assert_eq!(here, "[␊  ]\"event\":[ ]\"desktop");
        assert_eq!(there, "\"event\":\"desktop");
    }

    #[test]
    fn a_replaced_character_is_marked_in_both() {
        assert_eq!(marked("caf\u{e9} au lait", "cafe au"), ("caf[é] au".to_owned(), "caf[e] au".to_owned()));
        assert_eq!(marked("\\u00e9x", "éx"), ("[\\u00e9]x".to_owned(), "[é]x".to_owned()));
    }

    #[test]
    fn what_one_of_them_lacks_is_marked_in_the_other() {
        assert_eq!(marked("", "␊"), (String::new(), "[␊]".to_owned()));
        assert_eq!(marked("1}", " 1}"), ("1}".to_owned(), "[ ]1}".to_owned()));
        assert_eq!(marked("abc", ""), (String::new(), String::new()));
    }
}
