"""Files as cities write them, and as they break, made from a seed: for comparing the two lanes of an import."""

import random

COLUMNS = ("id", "opened", "received", "due", "closed", "changed", "how", "what", "who", "status", "level", "officer",
           "lon", "lat", "place", "street", "note", "more", "late", "again")  # fmt: skip

_IDS = ("{}", "{}", "{}", "A-{}", " {} ", "0{}", "é{}", "{}.0", "1.0{}E+11", "")
_TIMES = (
    "2024-03-{d:02} 0{h}:15:00", "2024-03-{d:02} 0{h}:15:00", "2024-03-{d:02}T0{h}:15:00Z", "2024-03-{d:02}",
    "2024-03-{d:02} 0{h}:15:00+07:00", "2024-03-10 02:30:00", "2024-11-03 01:30:00", "1970-01-01", "9999-12-31",
    "yesterday", "", "n/a", "2031-01-01 00:00:00", "1800-01-01",
)  # fmt: skip
_WORDS = {
    "how": ("app", "phone", "Mobile", "PHONE ", "", "pigeon"),
    "what": ("Trees", "trees", "Roads", "Hoà Bình", "Hòa Bình", "Ho\u0300a Bi\u0300nh", "", "n/a", "A\\B", "T\tab"),
    "who": ("Parks & Rec", "Parks", "", "Roads  dept", "?"),
    "status": ("open", "closed", "Closed", "cancelled", "", "lost"),
    "level": ("", "high", "strange"),
    "officer": ("", "Lan", "Trần Bình"),
    "lon": ("-71.5", "-70.5", "-71", "0", "", "-71,25", "east", "-71.25", "1e3", "-71.4999999999"),
    "lat": ("42.5", "42.25", "0", "", "42", "north"),
    "place": ("West", "East", "West side", "", "?", "Sunset"),
    "street": ("1 Main St", "", "12  Long   Road", 'The "Inn"', "a, b", "two\nlines", "back\\slash"),
    "note": ("Hole", "", "Cây đổ", "nó 5' dài", 'They said "now"', "\ta", "Gọi 0912 345 678"),
    "more": ("", "x", "y\r\nz", "•••"),
    "late": ("Y", "N", "", "maybe"),
    "again": ("", "0", "2", "2.0", "-1", "many"),
}
_GARBAGE = (
    b"", b"   ", b"junk", b'"', b'9,"unclosed,2024-03-01,,', b"\xff\xfe\xfa", b"9\0,2024-03-01", b"," * 19, b"," * 19,
    b'a"b' + b"," * 19, b'"a"b' + b"," * 19, b'"a\nb"' + b"," * 18, b'"one\n', b'two"\n', b"\x1a", b"x\ry",
    b'1,"' + b"2024-03-01 09:00:00,\n" * 3 + b'"', b" " + b"," * 19, b'"",""' + b"," * 18,
)  # fmt: skip


def written(fields: list[str], rng: random.Random) -> bytes:
    """Write a row as one of several programs would."""
    always = rng.random() < 0.1
    spaced = rng.random() < 0.02

    def quoted(field: str) -> str:
        if always or any(letter in field for letter in ',"\n\r'):
            return (" " if spaced else "") + '"' + field.replace('"', '""') + '"'
        return field

    return ",".join(map(quoted, fields)).encode()


def row(number: int, rng: random.Random, tidy: float) -> list[str]:
    """Return the fields of a row; with the chance `tidy` each is what most rows hold."""

    def one(choices: tuple[str, ...]) -> str:
        return choices[0] if rng.random() < tidy else rng.choice(choices)

    day, hour = rng.randint(1, 28), rng.randint(1, 9)
    times = [one(_TIMES).format(d=min(day + later, 31), h=hour) for later in (0, 1, 3, 2, 2)]
    words = {name: one(choices) for name, choices in _WORDS.items()}
    if rng.random() < tidy:
        closed = rng.random() < 0.5
        words["status"], times[3] = ("closed", times[3]) if closed else ("open", "")
    return [one(_IDS).format(number), *times, *(words[name] for name in COLUMNS[6:])]


def city_file(seed: int) -> bytes:
    """Return a file of some rows, tidy or not, with garbage between them or not."""
    rng = random.Random(seed)
    tidy, broken = rng.choice((0.5, 0.9, 0.99)), rng.choice((0, 0, 0.02, 0.2))
    end = rng.choice((b"\n", b"\n", b"\r\n"))
    lines = [b"\xef\xbb\xbf" * (rng.random() < 0.1) + ",".join(COLUMNS).encode()]
    for number in range(rng.randint(1, 80)):
        if rng.random() < broken:
            lines.append(rng.choice(_GARBAGE))
        lines.append(written(row(rng.choice((number, number, number, 1)), rng, tidy), rng))
    return end.join(lines) + end * (rng.random() < 0.8)
