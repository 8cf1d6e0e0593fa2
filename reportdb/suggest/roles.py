"""Which column is what: by the names that cities, Open311 and common systems give it, then by its words."""

import re
import unicodedata
from collections.abc import Iterable

from reportdb.suggest.meanings import status_meaning
from reportdb.suggest.sample import Column, Sample
from reportdb.suggest.times import written_times

NAMES: dict[str, tuple[str, ...]] = {
    "id": (
        "service_request_id", "servicerequestid", "case_enquiry_id", "unique_key", "sr_number", "srnumber", "case_id",
        "caseid", "request_id", "requestid", "ticket_id", "ticketid", "issue_id", "incident_id", "complaint_id",
        "service_request_number", "request_number", "case_number", "ticket_number", "reference_number", "reference",
        "mã phản ánh", "mã số phản ánh", "mã pa", "mã hồ sơ", "số hồ sơ", "mã tiếp nhận", "mã số", "mã", "id",
        "ticket", "number", "case", "objectid", "globalid",
    ),
    "submitted": (
        "requested_datetime", "open_dt", "adddate", "created_date", "creation_date", "createddate", "created_datetime",
        "date_created", "created_at", "created", "opened_date", "date_opened", "date_time_opened", "opened",
        "open_date", "requested_date", "request_date", "submitted", "submitted_at", "date_submitted", "reported",
        "date_reported", "report_date", "sr_created_date", "entry_date", "thời gian gửi", "ngày gửi", "thời điểm gửi",
        "ngày phản ánh", "thời gian phản ánh", "ngày tạo", "thời gian tạo", "ngày gửi phản ánh", "serviceorderdate",
        "ngày tiếp nhận", "thời gian tiếp nhận", "date",
    ),
    "received": (
        "received_datetime", "received_date", "date_received", "received", "acknowledged", "ngày tiếp nhận",
        "thời gian tiếp nhận",
    ),
    "due": (
        "expected_datetime", "target_dt", "sla_target_dt", "serviceduedate", "due_date", "duedate", "due_datetime",
        "due", "sla_date", "target_date", "deadline", "expected_date", "estimated_completion_date", "hạn xử lý",
        "thời hạn xử lý", "thời hạn", "hạn", "ngày hết hạn", "hạn trả lời",
    ),
    "ended": (
        "closed_datetime", "closed_dt", "resolutiondate", "closed_date", "closeddate", "closed_at", "date_closed",
        "date_time_closed", "closed", "close_date", "resolved_date", "resolution_date", "date_resolved", "resolved",
        "resolved_at", "completion_date", "completed_date", "completed", "date_completed", "end_date", "finished",
        "ngày hoàn thành", "thời gian hoàn thành", "ngày xử lý xong", "thời gian xử lý xong", "ngày kết thúc",
        "thời gian kết thúc", "ngày đóng", "ngày trả lời", "thời gian trả lời", "ngày xử lý",
    ),
    "changed": (
        "updated_datetime", "last_modified_date", "updated_date", "last_updated", "updated_at", "updated", "lastupdate",
        "resolution_action_updated_date", "last_modified", "modified", "date_last_updated", "ngày cập nhật",
        "thời gian cập nhật",
    ),
    "status": (
        "serviceorderstatus", "case_status", "service_request_status", "request_status", "status", "sr_status",
        "ticket_status", "state", "current_status", "status_code", "trạng thái", "tình trạng", "trạng thái xử lý",
        "tình trạng xử lý", "kết quả xử lý",
    ),
    "category": (
        "reason", "service_name", "servicecodedescription", "category", "complaint_type", "problem",
        "problem (formerly complaint type)", "sr_type", "request_category", "request_type", "requesttype",
        "service_type", "service", "issue_type", "issue_category", "service_request_type", "type", "lĩnh vực",
        "loại phản ánh", "lĩnh vực phản ánh", "nhóm vấn đề", "chuyên mục", "chủ đề", "loại", "subject", "topic",
        "service_code",
    ),
    "channel": (
        "source", "channel", "open_data_channel_type", "method_received", "origin", "request_source", "input_source",
        "received_via", "intake_method", "how_received", "extended_attributes.channel", "kênh tiếp nhận", "kênh",
        "kênh phản ánh", "nguồn tiếp nhận", "nguồn", "hình thức tiếp nhận", "how", "via",
    ),
    "unit": (
        "department", "agency_responsible", "organizationacronym", "agency", "agency_name", "owner_department",
        "responsible_agency", "responsible_department", "owner_short_name", "city_department", "organization",
        "division", "assigned_to_department", "đơn vị xử lý", "đơn vị", "cơ quan xử lý", "đơn vị thụ lý",
        "cơ quan chủ trì", "cơ quan", "phòng ban", "owner", "work_group",
    ),
    "severity": (
        "priority", "severity", "urgency", "priority_level", "mức độ", "mức độ ưu tiên", "độ ưu tiên", "mức độ khẩn",
    ),
    "title": (
        "tiêu đề", "title", "case_title", "type", "request_type", "requesttype", "servicecodedescription",
        "descriptor", "sr_type", "service_name", "summary",
    ),
    "text": ("nội dung", "nội dung phản ánh", "mô tả", "description", "detail", "details", "comments", "queue", "note"),
    "address": (
        "địa chỉ", "vị trí", "địa điểm", "location", "street_address", "streetaddress", "incident_address", "address",
        "full_address", "place", "location_address", "street",
    ),
    "lon": (
        "longitude", "lon", "long", "lng", "kinh độ", "geometry.coordinates.0", "geometry.x", "location.longitude",
        "longtitude", "geom_lon", "x",
    ),
    "lat": (
        "latitude", "lat", "vĩ độ", "geometry.coordinates.1", "geometry.y", "location.latitude", "geom_lat", "y",
    ),
    "late": (
        "ontime", "on_time", "exceeded_est_timeframe", "overdue", "late", "is_late", "quá hạn", "tình trạng hạn",
    ),
    "district": (
        "city_council_district", "council_district", "borough", "district", "quận huyện", "quận", "huyện",
        "supervisor_district", "council_district_number",
    ),
    "ward": (
        "ward", "phường xã", "phường", "xã", "neighborhood", "neighbourhood", "community_area", "nc",
    ),
}  # fmt: skip
PARTS: dict[str, str] = {
    "submitted": "opened|created|submitted|reported|entered|logged|received|requested|gui|tao|tiep nhan",
    "due": "due|deadline|target|sla|expected|han",
    "ended": "closed|completed|resolved|finished|completion|resolution|hoan thanh|ket thuc",
    "changed": "updated|modified|cap nhat",
    "id": "number|no|id|ref|reference|ticket|ma",
    "status": "status|state|trang thai|tinh trang",
    "category": "category|issue|problem|complaint|service|type|linh vuc|loai",
    "unit": "dept|department|agency|team|division|don vi|co quan",
    "channel": "channel|origin|source|method|kenh|nguon",
    "severity": "priority|severity|urgency|muc do|uu tien",
    "lon": "lon|long|lng|longitude",
    "lat": "lat|latitude",
    "address": "address|location|dia chi",
}
"""Words in the name of a column that no city's list above has, the times first."""

_MOST_SHARED = {"title", "text"}  # may repeat a column that has another role
_MOST_WORDS = {"status": 60, "severity": 60, "late": 5, "channel": 1000, "unit": 1000, "category": 1000,
               "district": 700, "ward": 700}  # fmt: skip
_POINT = re.compile(
    r"\s*\(?\s*-?\d+\.\d+\s*[,;]\s*-?\d+\.\d+\s*\)?\s*|\s*POINT.*|\s*\{.*coordinates.*", re.IGNORECASE | re.DOTALL
)
_DEGREES = {"lon": 180, "lat": 90}
_TIMES = ("submitted", "due", "ended", "received", "changed")


def plain(name: str) -> str:
    """Return a column's name for comparison: small letters and digits without marks, the last part of a dotted one."""
    decomposed = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return re.sub(r"[\W_]+", "", "".join(one for one in decomposed if not unicodedata.combining(one)))


def find_roles(sample: Sample) -> dict[str, str]:
    """Return the column of each role that was found."""
    named: dict[str, Column] = {}
    for column in sample.columns.values():
        named.setdefault(plain(column.name.removeprefix("properties.").removeprefix("attributes.")), column)
    roles: dict[str, str] = {}
    for role, names in NAMES.items():
        known = [named[plain(name)] for name in names if plain(name) in named]
        free = [one for one in known if one.name not in roles.values() or role in _MOST_SHARED]
        chosen = next((one for one in free if _fits(role, one, sample)), None)
        if chosen is not None:
            roles[role] = chosen.name
    _by_parts(roles, sample)
    if "received" in roles and "submitted" not in roles:
        roles["submitted"] = roles.pop("received")
    _by_words(roles, sample)
    if roles.get("title") == roles.get("category"):
        roles.pop("title", None)
    if roles.get("text") in {roles.get("title"), roles.get("category")}:
        roles.pop("text", None)
    return roles


def _by_parts(roles: dict[str, str], sample: Sample) -> None:
    """Find columns by a word within their names: "Service Request #", "GPS Lon"."""
    for role, pattern in PARTS.items():
        if role in roles or (role == "submitted" and "received" in roles):
            continue
        for column in sample.columns.values():
            split = re.sub(r"([a-z])([A-Z])", r"\1 \2", column.name.replace("#", " number "))
            named = " ".join(word for one in re.split(r"[\W_]+", split) if (word := plain(one)))
            if re.search(rf"\b(?:{pattern})\b", named) and column.filled and _fits(role, column, sample):
                _take(roles, role, [column])


def _fits(role: str, column: Column, sample: Sample) -> bool:
    """Return whether a column's words can be what its name says; a blank column is nothing."""
    if not column.filled:
        return role in {"due", "ended"}
    if role == "id":
        return _unique(column) > 0.9 and column.filled > 0.9 * len(sample.rows)
    if role in _TIMES:
        return _is_time(column)
    if role in _DEGREES:
        return _degrees(column, _DEGREES[role])
    if role == "address":
        return not holds_points(column)
    return role not in _MOST_WORDS or (len(column.words) <= _MOST_WORDS[role] and not _is_time(column))


def holds_points(column: Column) -> bool:
    """Return whether most words of a column are points: "(42.3, -71.1)", WKT or GeoJSON."""
    words = list(column.words)[:100]
    return bool(words) and 2 * sum(_POINT.fullmatch(word) is not None for word in words) > len(words)


def _by_words(roles: dict[str, str], sample: Sample) -> None:
    """Find what no name told: an id is unique, a time is a time, a status is one of few known words."""
    free = [column for column in sample.columns.values() if column.name not in roles.values() and column.filled]
    if "id" not in roles:
        _take(roles, "id", (one for one in free if _unique(one) == 1 and one.filled == len(sample.rows)
                            and not _is_time(one) and not _degrees(one, 180)))  # fmt: skip
    if "status" not in roles:
        _take(roles, "status", (one for one in free if len(one.words) <= 20
                                and all(status_meaning(word) for word in one.words)))  # fmt: skip
    if "submitted" not in roles:
        times = [one for one in free if one.filled > 0.95 * len(sample.rows) and _is_time(one)]
        _take(roles, "submitted", times)
    if "category" not in roles:
        words = [one for one in free if 2 <= len(one.words) <= 300 and one.name not in roles.values()
                 and not _is_time(one) and not _degrees(one, 1e9)]  # fmt: skip
        _take(roles, "category", sorted(words, key=lambda one: -one.filled))


def _take(roles: dict[str, str], role: str, columns: Iterable[Column]) -> None:
    for column in columns:
        if column.name not in roles.values() and role not in roles:
            roles[role] = column.name


def _unique(column: Column) -> float:
    return len(column.words) / column.filled if column.filled else 0.0


def _is_time(column: Column) -> bool:
    found = written_times(column.words, day_first=None)
    return found is not None and found.share > 0.8


def _degrees(column: Column, most: float) -> bool:
    words = list(column.words)[:500]
    fits = 0
    for word in words:
        try:
            fits += abs(float(word.replace(",", "."))) <= most
        except ValueError:
            continue
    return 2 * fits > len(words)
