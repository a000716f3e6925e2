//! Buckets by their numbers.

use crate::bucket::Bucket;

/// Where a bucket stands, and which it is of those that have stood there: never the same twice, so
/// that one which was dropped is missed, not mistaken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BucketId {
    place: u32,
    generation: u32,
}

/// All buckets.
#[derive(Debug)]
pub(super) struct Buckets {
    berths: Vec<Berth>,
    vacant: Vec<u32>,
}

/// A place for a bucket.
#[derive(Debug)]
struct Berth {
    generation: u32,
    bucket: Option<Bucket>,
}

impl Buckets {
    pub(super) const fn new() -> Self {
        Self { berths: Vec::new(), vacant: Vec::new() }
    }

    pub(super) fn get(&self, id: BucketId) -> Option<&Bucket> {
        let berth = self.berths.get(id.place as usize)?;
        berth.bucket.as_ref().filter(|_| berth.generation == id.generation)
    }

    pub(super) fn get_mut(&mut self, id: BucketId) -> Option<&mut Bucket> {
        let berth = self.berths.get_mut(id.place as usize)?;
        berth.bucket.as_mut().filter(|_| berth.generation == id.generation)
    }

    pub(super) fn insert(&mut self, bucket: Bucket) -> BucketId {
        let place = self.vacant.pop().unwrap_or_else(|| {
            self.berths.push(Berth { generation: 0, bucket: None });
            u32::try_from(self.berths.len() - 1).expect("memory does not hold so many")
        });
        let berth = &mut self.berths[place as usize];
        // A number that has gone all the way round is of a call that ended years ago.
        berth.generation = berth.generation.wrapping_add(1);
        berth.bucket = Some(bucket);
        BucketId { place, generation: berth.generation }
    }

    pub(super) fn remove(&mut self, id: BucketId) {
        if self.get(id).is_some() {
            self.berths[id.place as usize].bucket = None;
            self.vacant.push(id.place);
        }
    }

    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(&mut Bucket) -> bool) {
        for (place, berth) in (0_u32..).zip(&mut self.berths) {
            if berth.bucket.take_if(|bucket| !is_kept(bucket)).is_some() {
                self.vacant.push(place);
            }
        }
    }
}
