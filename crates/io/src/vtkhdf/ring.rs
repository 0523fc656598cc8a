//! The list of steps, which changes in one piece.
//!
//! VTK (9.3.1 and 9.7.2 alike) makes room for `NSteps` times and then reads all of `Steps/Values`
//! into it: a file in which `Values` is longer by one, be it for the instant between two writes,
//! corrupts the memory of a reader. Attribute and dataset are different objects and cannot be
//! written at once. So the list exists several times, as `/pdesolve/steps/0`, `1`, ...; the link
//! `/VTKHDF/Steps` points to one of them, and another one is brought up to date before the link
//! is turned to it. The link lies in one block of one page, which is a single write.
//!
//! A reader that has followed the link has the time of [`SLOTS`] - 1 further frames to read the
//! two, before its list changes.

use hdf5::{Attribute, Dataset, File, Group};

use super::COLUMN_CHUNK;
use crate::hdf;

const SLOTS: usize = 4;
const PATH: &str = "/pdesolve/steps";

#[derive(Debug)]
pub(super) struct Ring {
    vtk: Group,
    slots: Vec<Slot>,
    /// The slot that `/VTKHDF/Steps` points to, and the one that is prepared.
    current: usize,
    next: usize,
}

#[derive(Debug)]
struct Slot {
    n_steps: Attribute,
    values: Dataset,
    filled: usize,
}

impl Ring {
    /// Empty lists; the group returned is the first, for the columns that all share.
    pub(super) fn new(file: &File, vtk: &Group, ours: &Group) -> hdf5::Result<(Self, Group)> {
        let all = ours.create_group("steps")?;
        let mut slots = Vec::with_capacity(SLOTS);
        for slot in 0..SLOTS {
            let group = all.create_group(&slot.to_string())?;
            slots.push(Slot {
                n_steps: hdf::put_scalar(&group, "NSteps", 0i64)?,
                values: hdf::column::<f64>(&group, "Values", COLUMN_CHUNK)?,
                filled: 0,
            });
        }
        vtk.link_soft(&format!("{PATH}/0"), "Steps")?;
        let first = file.group(&format!("{PATH}/0"))?;
        let ring = Self {
            vtk: vtk.clone(),
            slots,
            current: 0,
            next: 0,
        };
        Ok((ring, first))
    }

    /// Gives all lists the columns of the first. These may be longer than `NSteps`: VTK reads
    /// single entries of them.
    pub(super) fn share(&self, file: &File) -> hdf5::Result<()> {
        let names = file.group(&format!("{PATH}/0"))?.member_names()?;
        for name in names.iter().filter(|name| *name != "Values") {
            for slot in 1..SLOTS {
                file.link_hard(
                    &format!("{PATH}/0/{name}"),
                    &format!("{PATH}/{slot}/{name}"),
                )?;
            }
        }
        Ok(())
    }

    /// Brings a list up to date that nobody looks at.
    pub(super) fn prepare(&mut self, times: &[f64]) -> hdf5::Result<()> {
        if times.len() == self.slots[self.current].filled {
            return Ok(());
        }
        self.next = (self.current + 1) % SLOTS;
        let slot = &mut self.slots[self.next];
        hdf::extend(&slot.values, slot.filled, &times[slot.filled..])?;
        slot.filled = times.len();
        slot.n_steps.write_scalar(&(slot.filled as i64))
    }

    /// Turns the link to the list prepared last.
    pub(super) fn switch(&mut self) -> hdf5::Result<()> {
        if self.next != self.current {
            self.vtk.unlink("Steps")?;
            self.vtk
                .link_soft(&format!("{PATH}/{}", self.next), "Steps")?;
            self.current = self.next;
        }
        Ok(())
    }
}
