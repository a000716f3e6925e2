//! Waiting for a moment without going to sleep.

/// How often to look: some seventy microseconds.
const LOOKS: u32 = 1_536;

/// Looks for something that may come within some seventy microseconds, and gives it if it does.
///
/// A commit that waits for no disk takes less than that, and to sleep and be woken as long again.
/// So the journal's thread looks out for more before it sleeps, and whoever waits for an answer
/// does well to look out for it first.
pub fn look_out<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    for _ in 0..LOOKS {
        let found = look();
        if found.is_some() {
            return found;
        }
        std::hint::spin_loop();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_meanwhile_is_found_and_what_does_not_is_not_waited_for() {
        let mut looks = 0;
        let found = look_out(|| {
            looks += 1;
            (looks == 3).then_some("it")
        });
        assert_eq!((found, looks), (Some("it"), 3));
        assert_eq!(look_out(|| None::<()>), None);
    }
}
