"""Attacks on the grader, as data: each is the source of an answer that tries to gain something."""

from attacks.case import Attack
from attacks.exhausting import EXHAUSTING
from attacks.forging import FORGING
from attacks.leaving import LEAVING
from attacks.network import NETWORK
from attacks.reading import READING
from attacks.writing import WRITING

FAMILIES = {
    "leaving": LEAVING,
    "exhausting": EXHAUSTING,
    "reading": READING,
    "writing": WRITING,
    "network": NETWORK,
    "forging": FORGING,
}
ATTACKS = {attack.name: attack for attacks in FAMILIES.values() for attack in attacks}

__all__ = ["ATTACKS", "FAMILIES", "Attack"]
