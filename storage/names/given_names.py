"""Tells common given names from other words where nothing else says how a name is read; pure."""

from __future__ import annotations

from storage.text import fold

# Common ones of several languages, folded, that are seldom family names or ordinary words.
_COMMON = frozenset(
    {"aaron", "adam", "adriana", "agnes", "ahmed", "aisha", "albert", "alejandro", "alessandra"}
    | {"alessandro", "alex", "alexander", "alexandra", "alexei", "alice", "alicia", "amanda"}
    | {"amelie", "amir", "amy", "ana", "anastasia", "andrea", "andreas", "andrei", "andrew"}
    | {"angela", "anika", "anita", "anja", "ann", "anna", "anne", "annika", "antoine", "anton"}
    | {"antonio", "arjun", "astrid", "barbara", "beatriz", "benjamin", "bernd", "bjorn", "brian"}
    | {"bruno", "camila", "carla", "carlos", "carmen", "carolina", "caroline", "catherine"}
    | {"cecilia", "celine", "charlotte", "chloe", "christian", "christina", "christine"}
    | {"christoph", "christopher", "claire", "clara", "claudia", "claudio", "cristina", "daniel"}
    | {"daniela", "david", "deborah", "denise", "diana", "diego", "dieter", "dimitri", "dmitri"}
    | {"dominik", "dorothea", "eduardo", "edward", "elena", "eleni", "elisabeth", "elizabeth"}
    | {"ellen", "emily", "emma", "enrique", "eric", "erik", "ernesto", "esther", "eva", "fatima"}
    | {"felipe", "felix", "fernanda", "fernando", "filip", "florian", "francesca", "francesco"}
    | {"francisco", "francois", "frank", "franziska", "frederic", "friedrich", "gabriel"}
    | {"gabriela", "georg", "george", "gerhard", "giovanni", "giulia", "giuseppe", "gloria"}
    | {"guillaume", "guillermo", "gunther", "gustavo", "hannah", "hans", "harald", "hassan"}
    | {"heike", "heinrich", "helen", "helena", "helga", "henrik", "hiroshi", "ibrahim", "ignacio"}
    | {"igor", "ines", "inga", "ingrid", "irene", "irina", "isabel", "isabelle", "ivan", "jacob"}
    | {"jacques", "jakub", "james", "jan", "jane", "janet", "javier", "jean", "jennifer", "jens"}
    | {"jessica", "joan", "joana", "joanna", "jochen", "johan", "johann", "johannes", "john"}
    | {"jonas", "jonathan", "jorge", "jose", "josef", "joseph", "josh", "joshua", "juan", "juana"}
    | {"juergen", "julia", "julian", "julie", "julien", "jurgen", "karin", "karl", "katarina"}
    | {"katharina", "katherine", "kathleen", "katja", "kenji", "kerstin", "kevin", "klaus"}
    | {"kristina", "lars", "laura", "laurent", "leila", "lena", "leonardo", "linda", "lisa"}
    | {"lorenzo", "louise", "lucas", "lucia", "lucie", "luigi", "luis", "luisa", "lukas"}
    | {"magdalena", "manuel", "manuela", "marco", "marcus", "margaret", "margarita", "maria"}
    | {"mariana", "marie", "marina", "mario", "mark", "markus", "marta", "martha", "martin"}
    | {"martina", "mary", "mateo", "mathieu", "matteo", "matthew", "matthias", "max", "maximilian"}
    | {"mehmet", "melanie", "michael", "michel", "michele", "miguel", "mikhail", "mohamed"}
    | {"mohammad", "mohammed", "monica", "monika", "muhammad", "natalia", "natalie", "nathalie"}
    | {"nicholas", "nicolas", "nicole", "niels", "nikolai", "nina", "nora", "olaf", "oleg", "olga"}
    | {"oliver", "olivier", "omar", "oscar", "pablo", "paola", "paolo", "patricia", "patrick"}
    | {"paul", "paula", "pauline", "pavel", "pedro", "peter", "petra", "philip", "philipp"}
    | {"philippe", "pierre", "pilar", "priya", "rachel", "rafael", "rahul", "rainer", "raquel"}
    | {"rebecca", "renata", "rene", "ricardo", "richard", "robert", "roberta", "roberto"}
    | {"rodrigo", "roland", "rosa", "ruth", "samuel", "sandra", "sara", "sarah", "sebastian"}
    | {"sergei", "sergio", "silvia", "simone", "sofia", "sonia", "sophie", "stefan", "stefania"}
    | {"stefano", "stella", "stephanie", "stephen", "steven", "susan", "susana", "susanne", "sven"}
    | {"svetlana", "sylvie", "takeshi", "tatiana", "teresa", "theodore", "theresa", "thomas"}
    | {"tiago", "timothy", "tobias", "tomas", "ulrich", "ulrike", "ursula", "uwe", "valentina"}
    | {"valeria", "vanessa", "vera", "veronica", "veronika", "victor", "victoria", "viktor"}
    | {"vincent", "vladimir", "walter", "werner", "wilhelm", "william", "wolfgang", "xavier"}
    | {"yasmin", "yolanda", "yuki", "yuri", "yusuf", "yves"}
)


def is_given_name(word: str) -> bool:
    """Returns whether a word is a common given name."""
    return fold(word) in _COMMON
