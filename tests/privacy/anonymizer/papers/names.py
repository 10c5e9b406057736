"""People for made-up courses: names of many cultures, each with a group and with forms that others write."""

from __future__ import annotations

from dataclasses import dataclass

from privacy.anonymizer import RosterMember


@dataclass(frozen=True, slots=True)
class Name:
    """A name as a roster has it. `latin` is how others write it in Latin letters, `bent` its inflected forms."""

    given: str
    family: str
    group: str
    shown: str = ""
    latin: tuple[str, str] = ("", "")
    nickname: str = ""
    bent: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """The name as the roster shows it."""
        return self.shown or f"{self.given} {self.family}".strip()


PLAIN = """
Ingvild Thoresen|Marek Dvorsky|Oluwaseun Adeyemi|Catriona Buchanan|Pietro Bellandi|Saskia Vermeulen|Goran Petrovic
Jannike Solberg|Tendai Moyo|Annelise Kruger|Rhiannon Prosser|Matteo Zanetti|Eleni Stavrou|Kwabena Mensah|Liesbeth Claes
Harriet Ellsworth|Dominic Farrant|Yolanda Quispe|Priya Raghunathan|Nikhil Bhattacharya|Femke Hoekstra|Tobias Lindqvist
Chidinma Eze|Rosalind Thackeray|Bogdan Ionescu|Camille Fournier|Salome Abashidze|Elspeth Drummond|Tariq Qureshi
Imogen Whitlock|Casimir Nowak|Delphine Marchand|Ruairi Gallagher|Isabeau Tremblay|Hamza Siddiqui|Petronella Visser
Frederick Ashby|Josephine Tallis|Benjamin Okonkwo|Katherine Pemberton|Nathaniel Crowe|Gwendolyn Sharples|Leandro Vaz
Theodora Kanellis|Rafaela Sartori|Emeka Nwosu|Linnea Hedlund|Aurelio Bianchi|Wiktoria Zielonka|Kerensa Tregenza
"""
WORD_LIKE = """
Rose Field|Mark Rivers|Faith Banks|Summer Lake|Penny Marsh|June Frost|Drew Page|Chase Rich|Dean Major|Miles Long
Hope Parsons|Jasmine Park|Iris Woods|Victor Stern|Joy Winters|Robin Swift|Basil Cook|Amber Stone|Guy Porter|Dawn Waters
"""
FAMOUS = """
Florence Newton|Charles Franklin|Victoria Nelson|Isaac Reynolds|Austin Bell|Sydney Darwin|Marie Hooke|Jordan Planck
"""
ALIKE = "Emma Forsyth|Emma Castellanos|Daniel Kinsella|Daniel Aguirre"


def _pairs(table: str, group: str) -> list[Name]:
    entries = (entry.strip() for entry in table.replace("\n", "|").split("|"))
    return [Name(*entry.split(" ", 1), group=group) for entry in entries if entry]


COMPLEX = [
    Name("Lucía", "Fernández Ortega", "complex"),
    Name("José Antonio", "Ibáñez Salgado", "complex"),
    Name("Khalid", "al-Mansouri", "complex"),
    Name("Yusuf", "bin Rashid", "complex"),
    Name("Noura", "Al Harbi", "complex"),
    Name("Anne-Sophie", "Lefèvre-Dubois", "complex"),
    Name("Aoife", "Ní Bhriain", "complex"),
    Name("Ciarán", "Ó Súilleabháin", "complex"),
    Name("Niamh", "O'Donoghue", "complex", bent=("Niamh O’Donoghue",)),
    Name("Fiona", "MacGillivray", "complex"),
    Name("Pieter", "van den Broeck", "complex"),
    Name("Maria Clara", "dos Anjos", "complex"),
    Name("Ludovica", "De Santis", "complex"),
    Name("Thị Hồng", "Nguyễn", "complex", "Nguyễn Thị Hồng", ("Thi Hong", "Nguyen")),
    Name("Quang Huy", "Đặng", "complex", "Đặng Quang Huy", ("Quang Huy", "Dang")),
    Name("Jean-Baptiste", "N'Diaye", "complex"),
]
DIACRITICS = [
    Name("Sigríður", "Guðmundsdóttir", "diacritics"),
    Name("Þórarinn", "Ægisson", "diacritics", latin=("Thorarinn", "Aegisson")),
    Name("Eszter", "Szabó", "diacritics", "Szabó Eszter", bent=("Eszterrel", "Szabónak")),
    Name("İlkay", "Işıklı", "diacritics"),
    Name("Çiğdem", "Yıldırım", "diacritics"),
    Name("Łukasz", "Wójcik", "diacritics", bent=("Łukaszem Wójcikiem", "Łukasza Wójcika")),
    Name("Zdeňka", "Říhová", "diacritics", bent=("Zdeňkou Říhovou",)),
    Name("Jürgen", "Größmann", "diacritics", latin=("Juergen", "Groessmann")),
    Name("Søren", "Kjærgaard", "diacritics", latin=("Soeren", "Kjaergaard")),
    Name("Élodie", "Bélanger", "diacritics"),
]
MONONYM = [
    Name("Lakshmi", "", "mononym"),
    Name("Suharto", "", "mononym"),
    Name("Tenzin", "", "mononym"),
    Name("Karthik", "S", "mononym"),
]
SHORT = [
    Name("Wei", "Li", "short"),
    Name("Jing", "Wu", "short"),
    Name("Siew Ling", "Ng", "short"),
    Name("Min-ji", "O", "short"),
    Name("Bo", "Ek", "short"),
    Name("An", "Vo", "short"),
    Name("Xiu", "Ma", "short"),
]
NATIVE = [
    Name("小明", "王", "nonlatin", "王小明", ("Xiaoming", "Wang")),
    Name("雨婷", "陈", "nonlatin", "陈雨婷", ("Yuting", "Chen")),
    Name("健太", "田中", "nonlatin", "田中 健太", ("Kenta", "Tanaka")),
    Name("さくら", "藤井", "nonlatin", "藤井さくら", ("Sakura", "Fujii")),
    Name("지훈", "박", "nonlatin", "박지훈", ("Jihoon", "Park")),
    Name("서연", "최", "nonlatin", "최서연", ("Seoyeon", "Choi")),
    Name("Ελένη", "Παπαδοπούλου", "nonlatin", latin=("Eleni", "Papadopoulou")),
    Name(
        "Дмитрий", "Соколов", "nonlatin", latin=("Dmitriy", "Sokolov"), bent=("Дмитрием Соколовым", "Дмитрия Соколова")
    ),
    Name("Наталія", "Шевчук", "nonlatin", latin=("Nataliya", "Shevchuk"), bent=("Наталією Шевчук",)),
    Name("נועה", "לוי", "nonlatin", latin=("Noa", "Levi")),
    Name("ليلى", "منصور", "nonlatin", latin=("Layla", "Mansour")),
    Name("प्रिया", "शर्मा", "nonlatin", latin=("Priya", "Sharma")),
    Name("สมชาย", "ใจดี", "nonlatin", latin=("Somchai", "Jaidee")),
]
NICKNAMES = {
    "Harriet": "Hattie", "Dominic": "Dom", "Frederick": "Freddie", "Josephine": "Josie", "Benjamin": "Ben",
    "Katherine": "Kate", "Nathaniel": "Nate", "Gwendolyn": "Gwen", "Theodora": "Theo", "Charles": "Charlie",
    "Victoria": "Vicky", "Daniel": "Dan", "Rosalind": "Roz", "Tobias": "Toby", "Matteo": "Teo",
}  # fmt: skip
NAMES = [
    *_pairs(PLAIN, "plain"),
    *_pairs(WORD_LIKE, "wordlike"),
    *_pairs(FAMOUS, "famous"),
    *_pairs(ALIKE, "dupgiven"),
    *COMPLEX,
    *DIACRITICS,
    *MONONYM,
    *SHORT,
    *NATIVE,
]
TEACHERS = [
    Name("Ingrid", "Halvorsen", "plain"),
    Name("Patience", "Achterberg", "wordlike"),
    Name("Zoltán", "Kerekes", "diacritics"),
    Name("Bernadette", "St. Pierre", "complex"),
    Name("Tom", "Reader", "wordlike"),
]
PRIVATE = [
    "Marisol Etxeberria",
    "Gunther Pfaff",
    "Oyelaran Bakare",
    "Svetlana Moroz",
    "Trevor Hargreaves",
    "Ana Luz Quiroga",
]


@dataclass(frozen=True, slots=True)
class Somebody:
    """A member of a made-up course: the roster entry and the name behind it."""

    member: RosterMember
    name: Name
