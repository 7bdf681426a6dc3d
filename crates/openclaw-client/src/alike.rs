//! One copy of what many clients are told alike.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Remembers the value that was given last, as long as anybody has it.
///
/// A program that has thousands of clients tells them all the same, one after the other, and each would keep a kilobyte of its
/// own for as long as it lives.
pub(crate) struct Alike<V>(Mutex<Weak<V>>);

impl<V: PartialEq> Alike<V> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// The value, in the place of the last one if it is the same.
    pub(crate) fn share(&self, value: V) -> Arc<V> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.upgrade().filter(|last| **last == value) {
            return last;
        }
        let value = Arc::new(value);
        *last = Arc::downgrade(&value);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ones_that_follow_each_other_are_one_and_others_are_not() {
        let alike = Alike::new();
        let first = alike.share(String::from("a"));
        let again = alike.share(String::from("a"));
        assert!(Arc::ptr_eq(&first, &again));
        let other = alike.share(String::from("b"));
        assert_eq!((first.as_str(), other.as_str()), ("a", "b"));
    }

    #[test]
    fn nothing_is_kept_that_nobody_has() {
        let alike = Alike::new();
        let value = alike.share(String::from("a"));
        let weak = Arc::downgrade(&value);
        drop(value);
        assert!(weak.upgrade().is_none());
        assert_eq!(alike.share(String::from("a")).as_str(), "a");
    }
}
