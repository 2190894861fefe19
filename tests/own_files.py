"""Files that nobody has seen before, as people's tools write them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["customers", "images", "leaking", "table", "temperatures"]


def customers(path: Path, rows: int = 120) -> Path:
    """Write a table that is hard to read: a byte-order mark, semicolons, commas, gaps, dates, a constant, an id."""
    draw = random.Random(0)
    lines = ["Kunden-Nr;Alter;Umsatz (€);Ort;Eintritt;Land;Kündigung"]
    for number in draw.sample(range(1000, 9999), rows):
        town = draw.choice(["Köln", "Århus", "São Paulo", "Łódź", ""])
        age = draw.choice(["", "?", *map(str, range(20, 80))])
        leaves = "ja" if (town == "Köln") + draw.random() > 0.9 else "nein"
        when = f"{draw.randint(1, 28):02d}.{draw.randint(1, 12):02d}.{draw.randint(2019, 2023)}"
        turnover = f"{draw.uniform(1, 999):.2f}".replace(".", ",")
        lines.append(f"K{number};{age};{turnover};{town};{when};DE;{leaves}")
    lines[5] = lines[5].rpartition(";")[0] + ";"
    path.write_bytes(b"\xef\xbb\xbf" + ("\r\n".join(lines) + "\r\n").encode())
    return path


def leaking(path: Path, rows: int = 100) -> Path:
    """Write a table whose rows are numbered in the order of the target, and that has the target's reason beside it."""
    draw = random.Random(1)
    lines = ["id,size,closed,sold"]
    for number in range(rows):
        sold = number >= rows // 2
        answer = "notary,yes" if sold else "nobody,no"
        lines.append(f"{number + 1},{draw.uniform(0, 1):.9f},{answer}")
    path.write_text("\n".join(lines))
    return path


def table(path: Path, header: str, line: str, rows: int = 60) -> Path:
    """Write a table whose lines are made by formatting one with their number `i` and its remainder `j` by two."""
    path.write_text("\n".join([header, *(line.format(i=i, j=i % 2) for i in range(rows))]))
    return path


def temperatures(path: Path, days: int = 200) -> Path:
    """Write a series of days."""
    start = np.datetime64("2020-01-01")
    lines = [f"{start + day},{10 + 8 * np.sin(day / 7 * 2 * np.pi):.2f},{day % 5}" for day in range(days)]
    path.write_text("\n".join(["date,temperature,rain", *lines]))
    return path


def images(folder: Path, classes: tuple[str, ...] = ("cat", "dog"), count: int = 12, side: int = 16) -> Path:
    """Write noisy pictures, a folder for each class, brighter from class to class; their sizes differ."""
    draw = np.random.RandomState(0)
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            pixels = draw.randint(0, 128, (side + index % 3, side, 3)) + 120 * number
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{index}.png")
    return folder
