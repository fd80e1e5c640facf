//! A dense table whose keys go stale: an index per packet instead of a hash, and no confusion between an
//! entry and its successor in the same place.

use std::fmt;
use std::marker::PhantomData;

/// Names an entry of a [`Table`]; finds nothing once the entry is gone.
pub(crate) struct Key<T> {
    index: u32,
    generation: u32,
    of: PhantomData<fn() -> T>,
}

// Derives would ask the same of `T`.
impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Key<T> {}
impl<T> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.index, self.generation) == (other.index, other.generation)
    }
}
impl<T> Eq for Key<T> {}
impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.generation)
    }
}

impl<T> Key<T> {
    /// A number that spreads keys evenly, for work that should not fall on one instant.
    pub(crate) fn spread(self) -> u32 {
        self.index.wrapping_mul(0x9E37_79B9)
    }

    /// For total orders among equal times.
    pub(crate) fn order(self) -> (u32, u32) {
        (self.index, self.generation)
    }
}

#[derive(Debug)]
struct Place<T> {
    generation: u32,
    entry: Option<T>,
}

/// Entries in places that are used again. `Tag` names the keys, when entries are generic and keys should not be.
#[derive(Debug)]
pub(crate) struct Table<T, Tag = T> {
    places: Vec<Place<T>>,
    free: Vec<u32>,
    limit: usize,
    tag: PhantomData<fn() -> Tag>,
}

impl<T, Tag> Table<T, Tag> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            limit: limit.min(u32::MAX as usize),
            tag: PhantomData,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// `Err` gives the entry back when the table is full.
    pub(crate) fn insert(&mut self, entry: T) -> Result<Key<Tag>, T> {
        if self.len() >= self.limit {
            return Err(entry);
        }
        let index = if let Some(index) = self.free.pop() {
            index
        } else {
            self.places.push(Place {
                generation: 0,
                entry: None,
            });
            // Fewer than `limit` places exist, which is at most u32::MAX.
            (self.places.len() - 1) as u32
        };
        let place = &mut self.places[index as usize];
        place.entry = Some(entry);
        Ok(Key {
            index,
            generation: place.generation,
            of: PhantomData,
        })
    }

    pub(crate) fn remove(&mut self, key: Key<Tag>) -> Option<T> {
        let place = self.places.get_mut(key.index as usize)?;
        if place.generation != key.generation {
            return None;
        }
        let entry = place.entry.take()?;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(key.index);
        Some(entry)
    }

    pub(crate) fn get(&self, key: Key<Tag>) -> Option<&T> {
        let place = self.places.get(key.index as usize)?;
        if place.generation == key.generation {
            place.entry.as_ref()
        } else {
            None
        }
    }

    pub(crate) fn get_mut(&mut self, key: Key<Tag>) -> Option<&mut T> {
        let place = self.places.get_mut(key.index as usize)?;
        if place.generation == key.generation {
            place.entry.as_mut()
        } else {
            None
        }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (Key<Tag>, &mut T)> {
        self.places.iter_mut().enumerate().filter_map(|(index, place)| {
            let key = Key {
                index: index as u32,
                generation: place.generation,
                of: PhantomData,
            };
            place.entry.as_mut().map(|entry| (key, entry))
        })
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.places.iter().filter_map(|place| place.entry.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_find_its_entrys_successor() {
        let mut table = Table::<&str>::new(2);
        let first = table.insert("first").unwrap();
        assert_eq!(table.remove(first), Some("first"));
        let second = table.insert("second").unwrap();
        assert_eq!((table.get(first), table.get(second)), (None, Some(&"second")));
        assert_eq!(table.remove(first), None);
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_full_table_gives_the_entry_back() {
        let mut table = Table::<i32>::new(1);
        let key = table.insert(1).unwrap();
        assert_eq!(table.insert(2), Err(2));
        table.remove(key);
        assert!(table.insert(3).is_ok());
    }
}
