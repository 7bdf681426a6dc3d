//! One copy of what many clients are told alike.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Remembers the values that were given last, as long as anybody has them.
///
/// A program that has thousands of clients tells them all the same, and each would keep a kilobyte of its own for as long as
/// it lives.
pub(crate) struct Alike<V>(Mutex<Vec<Weak<V>>>);

impl<V: PartialEq> Alike<V> {
    /// Most programs have one gateway, or a few. Whoever has more keeps more.
    const MOST: usize = 16;

    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The value, or one that is the same and is there already.
    pub(crate) fn share(&self, value: V) -> Arc<V> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = known.iter().rev().filter_map(Weak::upgrade).find(|known| **known == value) {
            return same;
        }
        known.retain(|known| known.strong_count() > 0);
        if known.len() == Self::MOST {
            known.remove(0);
        }
        let value = Arc::new(value);
        known.push(Arc::downgrade(&value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ones_are_one_and_others_are_not() {
        let alike = Alike::new();
        let (a, b) = (alike.share(String::from("a")), alike.share(String::from("b")));
        assert_eq!((a.as_str(), b.as_str()), ("a", "b"));
        assert!(Arc::ptr_eq(&a, &alike.share(String::from("a"))));
        assert!(Arc::ptr_eq(&b, &alike.share(String::from("b"))));
    }

    #[test]
    fn nothing_is_kept_that_nobody_has_and_little_is_remembered() {
        let alike = Alike::new();
        let value = alike.share(0);
        let weak = Arc::downgrade(&value);
        drop(value);
        assert!(weak.upgrade().is_none());
        let values: Vec<_> = (0..1_000).map(|number| alike.share(number)).collect();
        assert_eq!(alike.0.lock().unwrap().len(), Alike::<i32>::MOST);
        assert!(Arc::ptr_eq(&values[999], &alike.share(999)));
    }
}
