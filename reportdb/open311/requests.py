"""What a GeoReport request means, beside the values it holds: columns that a mapping can name.

`georeport.service`   the service's name: the request's own, else the service list's, else its code
`georeport.group`     the service's group in the service list
`georeport.status`    `status`, in bulk files `status_description`
`georeport.closed`    when it was closed: `closed_datetime` or `closed_date`, else the last note of type `closed`, else
                      `updated_datetime`; nothing for a request whose status is no end
`georeport.channel`   `extended_attributes.channel`, in bulk files `source`
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from reportdb.feeds.records import Record, text_of, value_at
from reportdb.mapping.mapping import Mapping as CityMapping
from reportdb.spelling import one_spelling

_ENDS = ("closed_datetime", "closed_date", "notes[type=closed].datetime", "updated_datetime")
_ENDED = frozenset({"resolved", "refused"})


@dataclass(frozen=True)
class Service:
    """A service of the server's list."""

    code: str
    name: str
    group: str


def services_of(records: list[Record]) -> dict[str, Service]:
    """Return the services of a service list by code; entries without a code are left out."""
    found = (
        Service(text_of(one.get("service_code")), text_of(one.get("service_name")), text_of(one.get("group")))
        for one in records
    )
    return {service.code: service for service in found if service.code}


def identity_of(record: Record) -> str:
    """Return what tells a request from others: its id, else its token (then it has no id yet)."""
    return request_id(record) or f"token {text_of(record.get('token'))}"


def request_id(record: Record) -> str:
    """Return a request's id, or '' if the server has given none yet."""
    return text_of(record.get("service_request_id")).strip()


def moment_of(record: Record, name: str, zone: tzinfo = UTC) -> datetime | None:
    """Return one of a request's times in UTC, or None; a time without an offset is in `zone`."""
    try:
        written = datetime.fromisoformat(text_of(record.get(name)).strip())
        return (written if written.tzinfo else written.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def with_meanings(record: Record, mapping: CityMapping, services: Mapping[str, Service]) -> Record:
    """Return a request with the columns described above."""
    service = services.get(text_of(record.get("service_code")))
    status = _first(record, ("status", "status_description"))
    ended = mapping.statuses.get(one_spelling(status)) in _ENDED
    return {
        **record,
        "georeport.service": _first(record, ("service_name",))
        or (service.name if service else "")
        or text_of(record.get("service_code")),
        "georeport.group": service.group if service else "",
        "georeport.status": status,
        "georeport.closed": _first(record, _ENDS) if ended else "",
        "georeport.channel": _first(record, ("extended_attributes.channel", "source")),
    }


def _first(record: Record, names: tuple[str, ...]) -> str:
    """Return the first of some values that is not blank, or ''."""
    return next((text for name in names if (text := text_of(value_at(record, name)).strip())), "")
