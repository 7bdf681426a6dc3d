//! Slots that are found by number and never mistaken for an earlier tenant.

use alloc::vec::Vec;

/// Where a tenant lives, and which tenant of that slot it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Key {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// A generational slab. `N` is a note left in a slot by its last tenant.
#[derive(Debug)]
pub(crate) struct Slab<V, N> {
    slots: Vec<Slot<V, N>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<V, N> {
    generation: u32,
    value: Option<V>,
    note: Option<N>,
}

impl<V, N> Slab<V, N> {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn untouched(&self) -> bool {
        self.slots.is_empty()
    }

    /// The key the next [`insert`](Self::insert) will use. None only after 2^32 slots.
    pub(crate) fn next_key(&self) -> Option<Key> {
        match self.free.last() {
            Some(&slot) => {
                let generation = self.slots.get(slot as usize)?.generation;
                Some(Key { slot, generation })
            }
            None => Some(Key { slot: u32::try_from(self.slots.len()).ok()?, generation: 0 }),
        }
    }

    pub(crate) fn insert(&mut self, value: V) -> Option<Key> {
        let key = self.next_key()?;
        match self.free.pop() {
            Some(_) => self.slots.get_mut(key.slot as usize)?.value = Some(value),
            None => self.slots.push(Slot { generation: 0, value: Some(value), note: None }),
        }
        Some(key)
    }

    pub(crate) fn get(&self, key: Key) -> Option<&V> {
        self.slots.get(key.slot as usize).filter(|s| s.generation == key.generation)?.value.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut V> {
        self.slots.get_mut(key.slot as usize).filter(|s| s.generation == key.generation)?.value.as_mut()
    }

    /// The present tenant of a slot.
    pub(crate) fn tenant(&mut self, slot: u32) -> Option<(Key, &mut V)> {
        let found = self.slots.get_mut(slot as usize)?;
        Some((Key { slot, generation: found.generation }, found.value.as_mut()?))
    }

    /// Frees the slot and leaves a note of the tenant; the next one has another generation.
    pub(crate) fn remove(&mut self, key: Key, note: impl FnOnce(&V) -> N) -> Option<V> {
        let slot = self.slots.get_mut(key.slot as usize).filter(|s| s.generation == key.generation)?;
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        slot.note = Some(note(&value));
        self.free.push(key.slot);
        Some(value)
    }

    /// The note of the tenant before the present one, if `key` names that tenant; none if the slot never existed.
    pub(crate) fn note(&self, key: Key) -> Option<&N> {
        let slot = self.slots.get(key.slot as usize)?;
        (slot.generation == key.generation.wrapping_add(1)).then_some(slot.note.as_ref()).flatten()
    }

    /// Whether the tenant `key` names has come and gone. The slot's own generation is its present or next tenant.
    pub(crate) fn knew(&self, key: Key) -> bool {
        self.slots
            .get(key.slot as usize)
            .is_some_and(|slot| (1..u32::MAX / 2).contains(&slot.generation.wrapping_sub(key.generation)))
    }

    /// Keys of all tenants, by slot.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> {
        (0_u32..)
            .zip(self.slots.iter())
            .filter(|(_, slot)| slot.value.is_some())
            .map(|(slot, s)| Key { slot, generation: s.generation })
    }
}
