//! Lane tracks: the track of a thread's or stream's row, and those of the lanes that hold what crosses on it.
//!
//! Whatever format the slices are of, a row that never has a slice has no track, and a lane names the row it belongs to.

use kinetoscope_model::table::{TrackBuilder, TrackKind, TrackRow};
use kinetoscope_model::{ProcessId, ThreadId, TrackId};

/// The tracks of one row, made when first needed; the first one is the row itself.
#[derive(Debug, Default)]
pub(crate) struct LaneTracks(Vec<TrackId>);

impl LaneTracks {
    /// The track of a lane of the row of `utid`; lane 0 is the row itself.
    pub(crate) fn track(&mut self, tracks: &mut TrackBuilder, utid: ThreadId, upid: ProcessId, lane: usize) -> TrackId {
        while self.0.len() <= lane {
            let is_lane = !self.0.is_empty();
            self.0.push(TrackId::from_index(tracks.push(TrackRow {
                name: None,
                r#type: if is_lane { TrackKind::Lane } else { TrackKind::Thread },
                utid: Some(utid),
                upid: Some(upid),
                parent_id: self.0.first().copied(),
                track_group_id: None,
                unit: None,
                arg_set_id: None,
            })));
        }
        self.0[lane]
    }
}
