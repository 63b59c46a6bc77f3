"""Generated personal data in many formats. Names of people and places are those of presidio-research's invented people."""

import csv
import gzip
import random
from functools import cache

from shared.paths import DATA

WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
HOSTS = "gmail.com outlook.com yahoo.co.uk example.com example.org mail.net proton.me company.io web.de uni.edu icloud.com".split()
SITES = "example github news-site my-shop bakery smith-law openmaps travelblog health-info docs blog shop".split()
DOMAINS = "com org net io co.uk de fr gov edu info app dev".split()
STREETS = "Street St St. Avenue Ave Road Rd. Lane Drive Dr Boulevard Blvd Way Court Place Square Terrace".split()
PLAIN = "Main High Oak Maple Park Church Station Elm Mill King Queen Victoria Washington Lincoln River Hill Cedar Lake".split()
ORG_ENDS = ["Inc.", "Ltd", "LLC", "GmbH", "Group", "& Sons", "Bank", "University", "Hospital", "Foundation", "Corp", "Clinic"]
COUNTRIES = """Germany France Spain Italy Poland Brazil Canada Australia India Japan China Mexico Kenya Nigeria Egypt Sweden
Norway Portugal Ireland Scotland England Argentina Chile Peru Turkey Greece Austria Belgium Denmark Finland Ukraine""".split()
COUNTRIES += ["the United States", "the UK", "South Africa", "New Zealand", "USA", "Saudi Arabia", "South Korea"]
CITIES = """London Paris Berlin Madrid Rome Boston Chicago Seattle Toronto Sydney Melbourne Dublin Leeds Manchester Glasgow
Vienna Prague Warsaw Lisbon Oslo Stockholm Copenhagen Amsterdam Brussels Zurich Geneva Munich Hamburg Lyon Tokyo Delhi Mumbai
Cairo Nairobi Lagos Lima Denver Austin Dallas Houston Phoenix Portland Atlanta Miami Philadelphia Detroit Oakland""".split()
CITIES += ["New York", "San Francisco", "Los Angeles", "San Diego", "Cape Town", "Buenos Aires", "Hong Kong", "Mexico City"]


@cache
def people() -> list[dict[str, str]]:
    with gzip.open(DATA / "presidio" / "FakeNameGenerator.com_3000.csv.gz", "rt", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@cache
def companies() -> list[str]:
    with gzip.open(DATA / "presidio" / "companies.csv.gz", "rt", encoding="utf-8-sig") as file:
        return [row["organization"].strip() for row in csv.DictReader(file) if row["organization"]]


def digits(dice: random.Random, count: int) -> str:
    return "".join(dice.choices("0123456789", k=count))


class Values:
    """One value of a kind after another."""

    def __init__(self, dice: random.Random):
        self.dice = dice

    def first(self) -> str:
        return self.dice.choice(people())["GivenName"]

    def last(self) -> str:
        return self.dice.choice(people())["Surname"]

    def person(self) -> str:
        d, one = self.dice, self.dice.choice(people())
        first, last = one["GivenName"], one["Surname"] if d.random() < 0.8 else self.last()
        forms = [f"{first} {last}"] * 6 + [first] * 4 + [last] * 2
        forms += [f"{first} {one['MiddleInitial'] or 'J'}. {last}", f"{first[0]}. {last}", f"{last}, {first}", f"{first} {self.first()} {last}"]
        return d.choice(forms)

    def org(self) -> str:
        d = self.dice
        forms = [d.choice(companies()), d.choice(people())["Company"], f"{self.last()} {d.choice(ORG_ENDS)}"]
        forms += [f"{self.city()} {d.choice(['University', 'Hospital', 'Council', 'Bank', 'Museum', 'United'])}"]
        forms += [f"University of {self.city()}", "".join(d.choices("ABCDEFGHIKLMNOPRST", k=d.randint(3, 4)))]
        return d.choice(forms) or "Acme Ltd"

    def city(self) -> str:
        return self.dice.choice(CITIES) if self.dice.random() < 0.5 else self.dice.choice(people())["City"]

    def place(self) -> str:
        d = self.dice
        return d.choice([self.city(), self.city(), d.choice(COUNTRIES), d.choice(people())["CountryFull"], f"{self.city()}, {d.choice(COUNTRIES)}"])

    def street(self) -> str:
        d = self.dice
        name = d.choice([d.choice(PLAIN), self.last(), f"{d.randint(1, 99)}th", f"{d.choice(['N', 'S', 'West', 'East'])} {d.choice(PLAIN)}"])
        return d.choice([f"{name} {d.choice(STREETS)}"] * 3 + [f"{self.last()}straße", f"Rue de {self.city()}", f"Via {self.last()}"])

    def address(self) -> str:
        d, one = self.dice, self.dice.choice(people())
        number = str(d.randint(1, 9999 if d.random() < 0.3 else 300))
        line = d.choice([f"{number} {self.street()}"] * 4 + [f"{self.street()} {number}", one["StreetAddress"], f"P.O. Box {number}"])
        unit = d.choice(["", "", "", f", Apt {d.randint(1, 99)}", f" Suite {d.randint(100, 999)}", f" Apt. {digits(d, 3)}", f", Flat {d.randint(1, 30)}B"])
        code = d.choice([one["ZipCode"], digits(d, 5), f"{d.choice('NSEW')}{d.randint(1, 20)} {d.randint(1, 9)}{d.choice('AB')}{d.choice('XYZ')}"])
        city = d.choice([one["City"], self.city()])
        comma = d.choice([", ", ", ", "\n", "\n ", " "])
        state = d.choice([one["State"], "CA", "NY", "TX", one["StateFull"]])
        forms = [line + unit] * 3 + [f"{line}{unit}{comma}{city}"] * 2 + [f"{line}{unit}{comma}{city}, {state} {code}"] * 2
        forms += [f"{line}{unit}{comma}{code} {city}", f"{line}{unit}{comma}{city}{comma}{d.choice(COUNTRIES)} {code}"]
        forms += [f"{line}{unit}\n{city}\n, {state}\n {d.choice(COUNTRIES)} {code}", f"{line}{unit}{comma}{city} {code}"]
        return d.choice(forms)

    def date(self) -> str:
        d = self.dice
        day, month, year = d.randint(1, 28), d.choice(MONTHS), d.randint(1930, 2030)
        number = MONTHS.index(month) + 1
        th = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}.get(day, "th")
        forms = [f"{day} {month} {year}", f"{month} {day}, {year}", f"{month} {day}", f"{day}{th} of {month}", f"{month} {day}{th}", f"the {day}{th}"]
        forms += [f"{year}-{number:02}-{day:02}", f"{number}/{day}/{year}", f"{day:02}.{number:02}.{year}", f"{day}/{number}/{year % 100:02}"]
        forms += [d.choice(WEEKDAYS), f"next {d.choice(WEEKDAYS)}", "tomorrow", "today", f"{d.choice(WEEKDAYS)} {day} {month}", f"{month} {year}"]
        forms += [f"{month[:3]} {day}, {year}", f"{day} {month[:3]}", f"{d.choice(WEEKDAYS)} next week", "tonight", "yesterday", "next week"]
        return d.choice(forms)

    def time(self) -> str:
        d = self.dice
        hour, minute = d.randint(1, 12), d.choice(["00", "15", "30", "45", f"{d.randint(0, 59):02}"])
        half = d.choice(["am", "pm", "AM", "PM", "a.m.", "p.m."])
        forms = [f"{hour}:{minute} {half}", f"{hour}:{minute}{half}", f"{hour} {half}", f"{d.randint(0, 23):02}:{minute}", f"{hour}{half}"]
        forms += [f"{hour} o'clock", f"half past {hour}", f"quarter to {hour}", "noon", "midnight", f"{hour} in the {d.choice(['morning', 'evening', 'afternoon'])}"]
        return d.choice(forms)

    def phone(self) -> str:
        d = self.dice
        a, b, c = digits(d, 3), digits(d, 3), digits(d, 4)
        forms = [f"{a}-{b}-{c}", f"({a}) {b}-{c}", f"+1 {a} {b} {c}", f"+1-{a}-{b}-{c}", f"{a}.{b}.{c}", f"{a} {b} {c}", f"{a}{b}{c}"]
        forms += [f"+44 20 {digits(d, 4)} {c}", f"+49 {digits(d, 2)} {digits(d, 7)}", f"0{digits(d, 4)} {digits(d, 6)}", f"+{d.randint(20, 99)} {digits(d, 9)}"]
        forms += [d.choice(people())["TelephoneNumber"], f"{a}-{b}-{c} ext. {digits(d, 3)}", f"+33 {d.randint(1, 9)} " + " ".join(digits(d, 2) for _ in range(4))]
        return d.choice(forms)

    def email(self) -> str:
        d = self.dice
        if d.random() < 0.3:
            return d.choice(people())["EmailAddress"]
        first, last = self.first().lower().replace(" ", ""), self.last().lower().replace(" ", "")
        name = d.choice([f"{first}.{last}", f"{first}{digits(d, 2)}", f"{first[0]}{last}", "info", "support", f"{first}_{last}", last])
        return f"{name}@{d.choice(HOSTS)}"

    def url(self) -> str:
        d = self.dice
        site = f"{d.choice(SITES)}.{d.choice(DOMAINS)}" if d.random() < 0.7 else d.choice(people())["Domain"]
        path = d.choice(["", "", "/", f"/{d.choice(SITES)}", f"/{d.choice(SITES)}/{digits(d, 3)}", f"/p?id={digits(d, 4)}"])
        return d.choice(["", "https://", "http://", "www.", "https://www."]) + site + path

    def card(self) -> str:
        d, blocks = self.dice, [digits(self.dice, 4) for _ in range(4)]
        blocks[0] = d.choice("3456") + blocks[0][1:]
        return d.choice(["", " ", "-", " "]).join(blocks) if d.random() < 0.85 else "3" + digits(d, d.choice([13, 14]))

    def account(self) -> str:
        d = self.dice
        country = d.choice("DE GB FR ES IT NL CH AT PL BE IE PT".split())
        iban = country + digits(d, 2) + (d.choice(["BARC", "NWBK", "ABNA", ""]) + digits(d, d.choice([14, 16, 18])))
        spaced = " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
        forms = [iban, spaced, spaced, digits(d, d.randint(8, 12)), f"{digits(d, 3)}-{digits(d, 2)}-{digits(d, 4)}", f"{digits(d, 2)}-{digits(d, 2)}-{digits(d, 2)}"]
        forms += [f"{digits(d, 3)}-{digits(d, 2)}-{digits(d, 4)}", f"{d.choice('ABCDKLMP')}{digits(d, 7)}", f"{digits(d, 3)} {digits(d, 2)} {digits(d, 4)}"]
        return d.choice(forms)

    def ip(self) -> str:
        d = self.dice
        if d.random() < 0.15:
            return ":".join(f"{d.randint(0, 65535):x}" for _ in range(8))
        return ".".join(str(d.randint(0, 255)) for _ in range(4))

    def money(self) -> str:
        d = self.dice
        amount = d.choice([str(d.randint(1, 999)), f"{d.randint(1, 99)},{digits(d, 3)}", f"{d.randint(1, 999)}.{digits(d, 2)}"])
        forms = [f"${amount}", f"£{amount}", f"€{amount}", f"{amount} dollars", f"{amount} EUR", f"USD {amount}", f"{amount} pounds", f"${d.randint(1, 90)} million"]
        return d.choice(forms)
