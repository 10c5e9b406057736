"""Cue tables: the words beside which a name, a number or an address is likely to be a person's own.

All entries are folded. They are searched together with the roster, in one pass over the text.
"""

from __future__ import annotations

from enum import StrEnum

from privacy.anonymizer.folding import fold_form
from privacy.anonymizer.words import SCHOLARLY_HEADINGS, word_set


class Cue(StrEnum):
    """What a cue word announces."""

    RELATION = "relation"
    INTRODUCTION = "introduction"
    PHONE = "phone"
    IDENTIFIER = "identifier"
    BIRTH = "birth"
    ADDRESS = "address"
    STREET = "street"
    LOGIN = "login"
    REFERENCES = "references"


RELATIONS = """
    sister brother mother father mum mom dad mama papa son daughter wife husband boyfriend girlfriend fiance fiancee
    uncle aunt auntie cousin niece nephew grandmother grandfather grandma grandpa granddad granny nana stepmother
    stepfather stepbrother stepsister twin partner spouse friend roommate flatmate housemate neighbour neighbor
    manager boss coworker colleague supervisor mentor coach landlord landlady therapist counsellor counselor doctor
    nanny babysitter godmother godfather classmate teammate pastor employer client tutor dentist nurse child kid
    baby hermana hermano madre padre hijo hija esposa esposo marido novio novia tio tia primo prima abuela abuelo
    amigo amiga jefe jefa vecino vecina soeur frere mere pere fils fille femme mari copain copine oncle tante
    cousine ami amie voisin voisine schwester bruder mutter vater sohn tochter frau mann freund freundin onkel chef
    chefin nachbar nachbarin irma irmao mae pai filho filha namorado namorada chefe vizinho vizinha sorella fratello
    figlio figlia moglie zio zia
    """
INTRODUCTIONS = (
    "everyone calls me;everybody calls me;calls me;people call me;friends call me;goes by;known as;i go by;"
    "my name is;my full name is;my full name;call me;me llamo;mi nombre es;je m appelle;mon nom est;ich heisse;"
    "ich heise;ich heiße;mein name ist;meu nome e;chamo me;me chamo;mi chiamo;jmenuji se;nazywam sie;ik heet"
)
PHONES = (
    "phone;telephone;tel;mobile;cell;cellphone;mob;ph;fax;whatsapp;signal;telegram;text me;call me;text;reach me;"
    "ring me;contact no;contact number;emergency number;emergency contact;handy;telefon;telefono;celular;movil;"
    "telemovel;telefone;portable;gsm;numero de telephone;telefonnummer;rufnummer;puhelin;telefoon;sms;dial;"
    "hotline;or text;text or call;call or text;or call;please call;just call;can call;my number;contact;contact me;"
    "reached at;reach;phone number"
)
IDENTIFIERS = (
    "student id;student ids;student number;student no;student nr;studentid;id;ids;id number;id no;"
    "candidate number;candidate no;candidate id;roll no;roll number;roll;matric no;matriculation number;"
    "matriculation;registration number;registration no;enrolment number;enrollment number;exam number;"
    "index number;matricula;numero de matricula;numero de alumno;numero de alumna;numero de aluno;"
    "numero de estudiante;numero d etudiant;matrikelnummer;matrikel nr;carne;legajo;passport number;passport no;"
    "passport;social security number;ssn;national id;national insurance number;library card;card number;staff id;"
    "employee id;employee number;member id;uid;netid;student card;numero do aluno;studentnummer;opiskelijanumero;"
    "index no;matr nr;matr  nr;matrikel  nr;exam no;seat no;"
    "student numbers;id numbers;student nos;enrolment numbers;candidate numbers;registration numbers;matric numbers;"
    "enrollment numbers;matriculation numbers;student;reg no;learner id;learner number;candidate;"
    "dni;nie;cpf;iban;licence number;license number"
)
BIRTHS = (
    "born;i turned;turned eighteen on;turned 18 on;turned twenty on;came into the world;birthday;"
    "birthdate;birth;dob;d o b;nacimiento;nacido;nacida;naci;cumpleanos;naissance;ne le;nee le;geboren;"
    "geburtsdatum;geb;geburtstag;nasci;nascido;nascida;nascimento;nato;nata;nascita;narozen;narozena;"
    "geboortedatum"
)
ADDRESSES = (
    "i live at;we live at;lives at;living at;live at;my address is;address;home address;postal address;"
    "mailing address;my flat at;our flat at;my house at;our house at;my apartment at;our apartment at;flat at;"
    "apartment at;house at;send it to;mail it to;deliver to;vivo en;domicilio;direccion;"
    "j habite au;j habite;adresse;ich wohne in der;ich wohne am;ich wohne;wohnhaft;anschrift;moro na;moro no;"
    "moro em;endereco;abito in;indirizzo;residing at;resident at;moved to;my room at;dorm at;home at;mieszkam;"
    "bydlim;adres"
)
STREETS = """
    street st road rd avenue ave lane ln drive dr court ct boulevard blvd way place pl terrace crescent close square
    parkway pkwy highway hwy circle trail row mews gardens grove strasse straße straat laan weg gasse platz allee
    ulica ut utca utja tere vej gade veien gata gatan katu tie ulice trida namesti
    """
STREET_BEGINNINGS = """
    rua avenida av calle carrera rue via viale piazza plaza paseo camino travessa estrada largo ulica ul jalan
    boulevard chemin impasse allee
    """
LOGINS = (
    "login;logged in as;username;user name;user;screen name;nickname;handle;my handle is;on discord i am;discord;"
    "insta;instagram;twitter;tiktok;snapchat;snap;reddit;github;gitlab;steam;telegram;twitch;skype;usuario;"
    "utilisateur;benutzername;find me as;follow me;i am;gamertag;account;userid;user id;zoom name;wechat;line id;"
    "mastodon"
)


def cue_forms() -> dict[str, tuple[Cue, ...]]:
    """Every cue form with the kinds of cue it is."""
    table: dict[str, list[Cue]] = {}
    for cue, forms in (
        (Cue.RELATION, RELATIONS.split()),
        (Cue.INTRODUCTION, INTRODUCTIONS.split(";")),
        (Cue.PHONE, PHONES.split(";")),
        (Cue.IDENTIFIER, IDENTIFIERS.split(";")),
        (Cue.BIRTH, BIRTHS.split(";")),
        (Cue.ADDRESS, ADDRESSES.split(";")),
        (Cue.LOGIN, LOGINS.split(";")),
        (Cue.STREET, STREET_BEGINNINGS.split()),
        (Cue.REFERENCES, [fold_form(heading) for heading in SCHOLARLY_HEADINGS]),
    ):
        for form in forms:
            kinds = table.setdefault(form, [])
            if cue not in kinds:
                kinds.append(cue)
    return {form: tuple(kinds) for form, kinds in table.items()}


# Folded words before a name that a person, and hardly a thing, follows.
PERSON_BEFORE = word_set("""
    thanks thank to with by dear hi hello hey unlike like asked told ask tell met helped thanked and or from partner
    partners partnered classmate classmates teammate teammates colleague friend roommate i im am m me called named
    name is for but disagree agree agreed as author authors collaborator collaborators cheers regards sincerely love
    yours best truly remercie remerciements prof professor dr mr mrs ms miss peer peers members member team group
    supervisor instructor teacher tutor together between via gracias agradezco con merci avec danke mit obrigado com
    grazie soy suis bin sou sono que jag chamo llamo appelle heisse von por par et und y e hola hallo bonjour ola
    ciao querida querido cher chere liebe lieber according following reviewed helper credit both when while because
    after before since did does has had let saw see know knew gave give showed if that where why how than what
    """)
# Stronger ones: even a word at the start of a line or in a heading is a person after these.
STRONG_BEFORE = word_set("""
    thanks thank dear hi hello hey unlike ask asked tell told meet met helped thanked partner partners partnered
    classmate teammate im named prof professor dr mr mrs ms miss merci gracias danke obrigado agradezco llamo
    appelle heisse chamo cheers regards sincerely hola hallo bonjour ola ciao querido querida cher chere liebe
    lieber collaborator collaborators author
    """)
# Folded words after a name that a person, and hardly a thing, does.
PERSON_AFTER = word_set("""
    said says asked asks told tells thinks thought wrote writes mentioned mentions suggested suggests helped helps
    argued pointed agreed disagreed explained replied responded posted shared showed brought let gave gives did does
    has had was is who also proposed offered taught emailed called texted answered noticed believes feels felt
    claims claimed made wants wanted came went drove presented worked works joined led edited reviewed commented
    raised would could will might should told volunteered collected recorded measured designed drew kept took got
    started takes took needs needed reports reported argues adds added agrees agree disagrees disagree brings checks
    checked reads writes calculates calculated emails calls answers replies explains points proposes offers prefers
    preferred insists insisted wonders wondered laughed laughs smiled admitted admits forgot forgets remembers
    remembered apologised apologized promised promises joins reviews reviewed corrected corrects noted notes observed
    observes summarised summarized summarises summarizes objected objects complained complains recommended recommends
    interviewed programmed coded typed drafted edits finished finishes borrowed lent helped thanked hates loves likes
    liked loved knows knew teaches transcribed submitted uploaded volunteers invited visited
    dijo dice dit sagte disse ha hat
    """)
# Things a classmate has: "Bill's post".
OWNED_BY_PEOPLE = word_set("""
    post posts comment comments idea ideas half part parts share point points suggestion suggestions question
    questions notes work reply answer answers opinion view views feedback group team laptop house project essay
    draft paper section slides slide presentation contribution response argument advice class lecture seminar lesson
    course help birthday mother father sister brother parents family room phone email code solution data graph
    approach example summary version script outline interpretation reading result results position claim claims
    thoughts thought proposal reflection conclusion remark remarks reasoning explanation poster car kitchen phone desk
    place flat apartment bedroom dorm garage tutorial tutorials workshop recitation office module advice outline
    mum mom dad mama papa grandma grandpa uncle aunt cousin wife husband boyfriend girlfriend roommate son daughter
    spreadsheet repository file files paragraph introduction handwriting voice job boss parents dog cat
    """)
# Words after which a short form made by rule is believed.
ANNOUNCING = word_set("""
    thanks thank by m im me called named dear hi hello hey unlike asked told helped thanked partner classmate
    teammate cheers regards gracias merci danke obrigado agradezco remercie llamo appelle heisse chamo with met
    """)
