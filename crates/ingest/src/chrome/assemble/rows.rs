//! Names, rows and tracks: what the numbers and words of the blocks are in the trace, made known on first use.

use kinetoscope_model::id::NONE;
use kinetoscope_model::nest::RowNester;
use kinetoscope_model::table::{ProcessRow, Role, ThreadRow, TrackRow};
use kinetoscope_model::{ProcessId, SourceId, StringId, ThreadId, TrackId, WarningKind};

use crate::chrome::assemble::{Assembly, PidText, Row, SideTrack};
use crate::chrome::block::{Ident, RowKey};
use crate::chrome::category::CategoryRole;
use crate::chrome::cursor::TextDefects;
use crate::chrome::role;
use crate::lane_tracks::LaneTracks;

impl Assembly {
    /// The trace string of a block string.
    #[inline]
    pub(super) fn string_of(&mut self, block: usize, id: u32) -> Option<StringId> {
        if id == NONE {
            return None;
        }
        match self.blocks[block].strings[id as usize] {
            NONE => Some(self.intern_of(block, id)),
            known => Some(StringId(known)),
        }
    }

    pub(super) fn intern_of(&mut self, block: usize, id: u32) -> StringId {
        let mut defects = TextDefects::default();
        let text = self.blocks[block].events.text(id, &mut defects);
        let string = self.trace.strings.intern(&text);
        // Once for each text, however many blocks have it.
        if defects != TextDefects::default() && self.defective_strings.insert((string, defects.is_invalid_utf8)) {
            self.trace.warnings.count(WarningKind::LoneSurrogate, defects.num_lone_surrogates);
            self.trace.warnings.count(WarningKind::InvalidUtf8, u64::from(defects.is_invalid_utf8));
        }
        self.blocks[block].strings[id as usize] = string.0;
        string
    }

    #[inline]
    pub(super) fn category_role(&mut self, category: Option<StringId>) -> CategoryRole {
        let Some(category) = category else { return CategoryRole::Other };
        match self.category_roles.get(category.index()) {
            Some(&Some(role)) => role,
            _ => {
                let role = CategoryRole::of(self.trace.strings.get(category));
                let len = self.category_roles.len().max(category.index() + 1);
                self.category_roles.resize(len, None);
                self.category_roles[category.index()] = Some(role);
                role
            }
        }
    }

    pub(super) fn pid_text(&mut self, block: usize, ident: Ident) -> PidText {
        match ident {
            Ident::Absent => PidText::Absent,
            Ident::Int(value) => PidText::Int(value),
            Ident::Text(id) => self.string_of(block, id).map_or(PidText::Absent, PidText::Text),
        }
    }

    #[inline]
    pub(super) fn row_of(&mut self, block: usize, local: u32) -> u32 {
        match self.blocks[block].rows[local as usize] {
            NONE => self.new_row_of(block, local),
            row => row,
        }
    }

    pub(super) fn new_row_of(&mut self, block: usize, local: u32) -> u32 {
        let RowKey { pid, tid } = self.blocks[block].events.rows[local as usize];
        let source = self.blocks[block].source;
        let pid = self.pid_text(block, pid);
        let tid = match (self.pid_text(block, tid), pid) {
            // An event without a thread belongs to its process's first one.
            (PidText::Absent, pid) => pid,
            // Chrome's writers leave thread 0 for the first one too. In a PyTorch trace it is a stream or a thread.
            (PidText::Int(0), pid) if !self.tops[source as usize].is_kineto => pid,
            (tid, _) => tid,
        };
        let next = self.rows.len() as u32;
        let row = *self.row_ids.entry((source, pid, tid)).or_insert(next);
        self.blocks[block].rows[local as usize] = row;
        if row == next {
            let upid = self.process_of(source, pid);
            let name = match tid {
                PidText::Text(id) => Some(id),
                _ => None,
            };
            let utid = ThreadId::from_index(self.trace.threads.push(ThreadRow {
                tid: tid.number(),
                name,
                start_ts: None,
                end_ts: None,
                upid,
                is_main_thread: tid == pid,
                sort_index: None,
                role: Role::Unknown,
                arg_set_id: None,
                priority: None,
            }));
            if let Some(name) = name {
                let role = role::of_thread(self.trace.strings.get(name));
                self.thread_name_roles.insert(utid, role);
            }
            self.rows.push(Row {
                utid,
                upid,
                nester: RowNester::default(),
                tracks: LaneTracks::default(),
                waiting_flows: Vec::new(),
                last_placed: None,
                gpu_row: None,
            });
        }
        row
    }

    pub(super) fn process_of(&mut self, source: u32, pid: PidText) -> ProcessId {
        if let Some(&upid) = self.process_ids.get(&(source, pid)) {
            return upid;
        }
        let name = match pid {
            PidText::Text(id) => Some(id),
            _ => None,
        };
        let upid = ProcessId::from_index(self.trace.processes.push(ProcessRow {
            pid: pid.number(),
            name,
            start_ts: None,
            end_ts: None,
            sort_index: None,
            labels: None,
            role: Role::Unknown,
            device_id: None,
            source_id: SourceId(source),
            arg_set_id: None,
        }));
        self.process_ids.insert((source, pid), upid);
        upid
    }

    /// The track of a row's lane; lane 0 is the row itself.
    pub(super) fn row_track(&mut self, row: u32, lane: usize) -> TrackId {
        let row = &mut self.rows[row as usize];
        row.tracks.track(&mut self.trace.tracks, row.utid, row.upid, lane)
    }

    pub(super) fn new_side_track(&mut self, row: TrackRow) -> usize {
        let track = TrackId::from_index(self.trace.tracks.push(row));
        self.side_tracks.push(SideTrack { track, nester: RowNester::default() });
        self.side_tracks.len() - 1
    }
}
