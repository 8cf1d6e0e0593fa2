"""The city according to its figures of late August 2024: open and overdue reports for each unit."""

from datetime import UTC, datetime, timedelta

import psycopg

from tests.reports import report

AT = datetime(2024, 8, 31, 3, 0, tzinfo=UTC)
"""Saturday 31 August 2024, 10:00 in Hanoi."""
PUBLISHED = {
    "dong-anh": ("UBND huyện Đông Anh", 13, 17),
    "thanh-oai": ("UBND huyện Thanh Oai", 7, 11),
    "so-xay-dung": ("Sở Xây dựng", 4, 7),
}
"""By code: name, overdue, open, as the city published them."""
ASSUMED = {
    "hai-ba-trung": ("UBND quận Hai Bà Trưng", 1, 40),
    "dong-da": ("UBND quận Đống Đa", 0, 35),
    "ba-dinh": ("UBND quận Ba Đình", 2, 60),
    "thanh-xuan": ("UBND quận Thanh Xuân", 1, 30),
    "so-gtvt": ("Sở Giao thông Vận tải", 0, 20),
}
"""The units the city praised. It published no counts of theirs: these are assumed."""
CATEGORIES = (1, 2, 2)
"""One report in three is of the first category."""


def city_of_august_2024(connection: psycopg.Connection) -> None:
    """Fill an empty report database with these units and their numbers of open and overdue reports."""
    connection.execute(
        """
        insert into city (code, name_vi, name_en, time_zone, country)
            values ('ha-noi', 'Hà Nội', 'Hanoi', 'Asia/Ho_Chi_Minh', 'VN');
        insert into area (id, level, code, name_vi, name_en, kind) values
            (1, 'district', '001', 'Ba Đình', 'Ba Dinh', 'quan');
        insert into area (id, level, code, name_vi, name_en, kind, parent_id) values
            (11, 'ward', '00001', 'Phúc Xá', 'Phuc Xa', 'phuong', 1);
        insert into category (id, code, name_vi, name_en) values
            (1, 'rac', 'Rác thải', 'Waste'), (2, 'duong', 'Đường sá', 'Roads');
        insert into channel (id, code, name_vi, name_en) values (1, 'ihanoi', 'iHanoi', 'iHanoi');
        insert into working_day (day, working, source)
            select day, extract(isodow from day) < 6, 'test'
            from generate_series(date '2024-01-01', date '2025-12-31', interval '1 day') as day;
        """
    )
    number = 0
    for unit, (code, (name, overdue, opened)) in enumerate((PUBLISHED | ASSUMED).items(), start=1):
        kind = "department" if name.startswith("Sở") else "district"
        connection.execute(
            "insert into unit (id, code, name_vi, name_en, kind) values (%s, %s, %s, %s, %s)",
            (unit, code, name, name, kind),
        )
        for place in range(opened):
            number += 1
            due = AT - timedelta(days=1 + place) if place < overdue else AT + timedelta(days=1 + place)
            report(
                connection,
                number,
                unit_id=unit,
                category_id=CATEGORIES[place % len(CATEGORIES)],
                submitted_at=AT - timedelta(days=60),
                due_at=due,
                updated_at=AT - timedelta(days=60),
            )
