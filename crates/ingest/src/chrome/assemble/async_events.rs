//! Async events: begin, instant and end, told apart by category and id, on tracks named after them.
//!
//! Events of one id nest. Events of other ids may run at the same time, so a name has as many tracks as ever ran at
//! once, and a track that is free again is used again.

use kinetoscope_model::table::TrackKind;
use kinetoscope_model::time::{DUR_OPEN, Nanos};
use kinetoscope_model::{StringId, WarningKind};

use crate::chrome::assemble::{Assembly, AsyncScope, Cookie, IdentText, OrderedEvent, RunningAsync, side_track_row};
use crate::chrome::block::{IdScope, Ident};
use crate::chrome::cursor::TextDefects;

impl Assembly {
    pub(super) fn place_async(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (name, category) = self.name_and_category(block, index);
        let row = self.row_of(block, self.blocks[block].events.row[index]);
        let upid = self.rows[row as usize].upid;
        let global = AsyncScope::Global { source: self.blocks[block].source };
        let (scope, ident) = match self.blocks[block].events.rare_of(index).id2 {
            Some((IdScope::Local, ident)) => (AsyncScope::Process(upid), ident),
            Some((IdScope::Global, ident)) => (global, ident),
            None => (global, self.blocks[block].events.marks_of(index).id),
        };
        let Some(id) = self.ident_text(block, ident) else {
            self.warn(WarningKind::IncompleteEvent, event, "an async event without id");
            return;
        };
        let cookie = Cookie { scope, category, id };
        match self.blocks[block].events.phase[index] {
            b'e' => self.end_async(event, &cookie, name),
            b'b' => {
                let running = self.async_track(&cookie, name);
                let slice = self.place_on_side_track(event, running, Nanos::MAX, DUR_OPEN, name, category);
                self.place_bound_flow(event, slice, name, category);
            }
            _ => {
                let running = self.async_track(&cookie, name);
                let slice = self.place_on_side_track(event, running, event.ts, 0, name, category);
                self.place_bound_flow(event, slice, name, category);
                self.release_async_track(&cookie);
            }
        }
    }

    pub(super) fn ident_text(&self, block: usize, ident: Ident) -> Option<IdentText> {
        match ident {
            Ident::Absent => None,
            Ident::Int(value) => Some(IdentText::Int(value)),
            Ident::Text(id) => Some(IdentText::Text(self.blocks[block].events.text(id, &mut TextDefects::default()))),
        }
    }

    /// The track on which `cookie` runs, which is taken for it when it does not run yet. Counts as one more open.
    pub(super) fn async_track(&mut self, cookie: &Cookie, name: StringId) -> usize {
        if let Some(running) = self.running_async.get_mut(cookie) {
            running.num_open += 1;
            return running.side_track;
        }
        let key = (cookie.scope.clone(), name);
        let group_id = self.async_groups.len() as u32;
        let group = self.async_groups.entry(key.clone()).or_default();
        let (side_track, place_in_group) = match group.free.pop_first() {
            Some(place) => (group.tracks[place], place),
            None => {
                let place = group.tracks.len();
                let (kind, upid) = match cookie.scope {
                    AsyncScope::Process(upid) => (TrackKind::ProcessAsync, Some(upid)),
                    AsyncScope::Global { .. } => (TrackKind::GlobalAsync, None),
                };
                // The group's number is that of its first track, which makes the group known by its tracks alone.
                let first = group.tracks.first().copied();
                let mut row = side_track_row(kind, Some(name), upid);
                row.track_group_id = Some(match first {
                    Some(first) => {
                        let track = self.side_tracks[first].track;
                        self.trace.tracks.track_group_id.get(track.index()).unwrap_or(group_id)
                    }
                    None => group_id,
                });
                let side_track = self.new_side_track(row);
                if let Some(group) = self.async_groups.get_mut(&key) {
                    group.tracks.push(side_track);
                }
                (side_track, place)
            }
        };
        let running = RunningAsync { side_track, num_open: 1, group: key, place_in_group };
        self.running_async.insert(cookie.clone(), running);
        side_track
    }

    pub(super) fn release_async_track(&mut self, cookie: &Cookie) {
        let Some(running) = self.running_async.get_mut(cookie) else { return };
        running.num_open = running.num_open.saturating_sub(1);
        if running.num_open == 0
            && let Some(ended) = self.running_async.remove(cookie)
            && let Some(group) = self.async_groups.get_mut(&ended.group)
        {
            group.free.insert(ended.place_in_group);
        }
    }

    pub(super) fn end_async(&mut self, event: OrderedEvent, cookie: &Cookie, name: StringId) {
        let no_name = self.no_name;
        let ended = self.running_async.get(cookie).and_then(|running| {
            let nester = &mut self.side_tracks[running.side_track].nester;
            nester.end(event.ts, |open| name == no_name || open.name == name)
        });
        let Some((open, younger)) = ended else {
            self.warn(WarningKind::EndWithoutBegin, event, self.trace.strings.get(name).to_owned().as_str());
            return;
        };
        self.close(open, event);
        self.release_async_track(cookie);
        for open in younger {
            self.trace.slices.dur.set(open.id.index(), event.ts - open.ts);
            self.release_async_track(cookie);
        }
    }
}
