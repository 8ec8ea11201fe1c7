"""What the resources of staff are made of. It stands apart, so that each module that makes some of them can name it."""

import msgspec

from fincore.backoffice.installation_page import ShownSetting
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.staff_act_services import ActLimits
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.log_events import LogEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.staff.access.admission import Admission
from fincore.staff.acting import StaffActs
from fincore.write.psp.account import ConfiguredAccount


class StaffServices(msgspec.Struct, frozen=True, kw_only=True):
    """What the resources of staff are made of. `writer` and `watch` must be running while they serve."""

    stores: Stores
    admission: Admission
    acts: StaffActs
    limits: ActLimits = ActLimits()
    accounts: tuple[ConfiguredAccount, ...] = ()
    settings: tuple[ShownSetting, ...] = ()
    keeps_people: bool = False
    writer: Writer[LogEvent]
    watch: StreamWatch
    log: EventLog[ChargeEvent]
    clock: Clock
