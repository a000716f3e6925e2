//! What instances keep on their disks, and see there of others.

use tradewind_engine::{Action, Beginning};
use tradewind_runtime::state::Login;

use super::{Parcel, Receiver, World};
use crate::disk::{self, Disk};
use crate::instance::{InstanceId, SetupError};

impl World {
    /// A disk by its name; empty when nothing was ever written to it.
    #[must_use]
    pub fn disk(&self, name: &str) -> Disk {
        self.disks.get(name).cloned().unwrap_or_default()
    }

    /// Changes a disk behind the instances' backs.
    pub fn at_disk<T>(&mut self, name: &str, change: impl FnOnce(&mut Disk) -> T) -> T {
        let changed = change(self.disks.entry(name.to_owned()).or_default());
        self.look_soon(name, None);
        changed
    }

    /// Begins the next life of an instance, with what is on its disk.
    pub(super) fn begin(&mut self, id: InstanceId) -> Result<(), SetupError> {
        let instance = &mut self.instances[id.0];
        let setup = &instance.setup.0;
        let local = instance.clock.read(self.now);
        let jitter = setup.start_jitter;
        let beginning = match &setup.disk {
            None => Beginning::default(),
            Some(name) => {
                let login = Login { account: setup.account, hash: instance.signer.account_hash() };
                let disk = self.disks.entry(name.clone()).or_default();
                let (beginning, desk) = disk.begin(local, login, setup.first_slot);
                instance.desk = desk;
                beginning
            }
        };
        let journal = self.open_journal(id);
        let instance = &mut self.instances[id.0];
        instance.start(self.wire.codec(), self.now, Beginning { jitter, journal, ..beginning })?;
        instance.wakeup = self.now;
        Ok(())
    }

    /// Does what an engine wants of its disk.
    pub(super) fn keep(&mut self, from: Receiver, action: Action) {
        let instance = &mut self.instances[from.id.0];
        let setup = &instance.setup.0;
        let local = instance.clock.read(self.now);
        let login = Login { account: setup.account, hash: instance.signer.account_hash() };
        let Some(name) = setup.disk.clone() else { return };
        let disk = self.disks.entry(name.clone()).or_default();
        match action {
            Action::KeepShut(records) => {
                disk.enter(local, login, &mut instance.desk, records);
                self.look_soon(&name, Some(from.id));
            }
            Action::KeepCatalog(catalog) => {
                disk.put_catalog(local, from.id, *catalog);
            }
            Action::SeekCatalog { symbols, not_before } => {
                instance.desk.seek(local, symbols, not_before);
                self.mail.post(self.now, Parcel::Look { to: from });
            }
            Action::Send { .. }
            | Action::Open { .. }
            | Action::Write { .. }
            | Action::Close { .. }
            | Action::Notify { .. }
            | Action::Answer { .. }
            | Action::Append(_)
            | Action::RetryJournal
            | Action::TradingSet { .. }
            | Action::Routed { .. }
            | Action::Attempt(_)
            | Action::Tell(_)
            | Action::Drained { .. }
            | Action::Fail(_) => {}
        }
    }

    /// An instance looks at its disk.
    pub(super) fn look(&mut self, to: Receiver) {
        let instance = &mut self.instances[to.id.0];
        let setup = &instance.setup.0;
        let local = instance.clock.read(self.now);
        let login = Login { account: setup.account, hash: instance.signer.account_hash() };
        let Some(disk) = setup.disk.as_ref().and_then(|name| self.disks.get_mut(name)) else {
            return;
        };
        let events = disk.look(local, login, (to.id, to.life), &mut instance.desk);
        if instance.desk.is_seeking() {
            self.mail.post(self.now + disk::LOOK_EVERY, Parcel::Look { to });
        }
        for event in events {
            self.handle(to.id, event);
        }
    }

    /// What is written is seen by all others that run when they next look.
    fn look_soon(&mut self, disk: &str, but: Option<InstanceId>) {
        for index in 0..self.instances.len() {
            let id = InstanceId(index);
            if self.instances[index].setup.0.disk.as_deref() == Some(disk) && Some(id) != but {
                let to = self.receiver(id);
                self.mail.post(self.now + disk::LOOK_EVERY, Parcel::Look { to });
            }
        }
    }

    pub(super) fn forget_lease(&mut self, id: InstanceId) {
        let name = self.instances[id.0].setup.0.disk.as_ref();
        if let Some(disk) = name.and_then(|name| self.disks.get_mut(name)) {
            disk.died(id);
        }
    }
}
