"""Short forms of given names. One line is one family of forms; any of them may stand for any other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from privacy.anonymizer.words import FUNCTION_WORDS

_FAMILIES = """
abigail abby gail abbie; abraham abe bram; adelaide addie heidi; agnes aggie nessa; alan allan allen al; albert al
bert bertie; alejandro alex ale sandro jandro; alejandra alex ale sandra; alexander alex alec sandy sasha xander lex;
alexandra alex alexa sandra sasha lexi; alfred alf fred alfie freddie; alice ali allie; alison ali allie; amanda mandy
amy; amelia amy millie mel; andrew andy drew; andreas andi; andrea andie; angela angie; anna annie ann anne nan anya;
anthony tony ant; antonio toni tono antoine; antonia toni; arthur art artie; augustus gus augie; barbara barb babs
barbie; bartholomew bart; beatrice bea trixie bee; beatriz bea; benedict ben; benjamin ben benny benji; bernard
bernie; bernadette bernie; bradley brad; bridget biddy bridie; calvin cal; clara clarissa clare; lincoln linc link;
carmelo melo; cameron cam; carolina caro lina; caroline carrie caro carol; cassandra cass cassie sandra; catherine
cathy cat kate katie kitty cath; katherine kathy kate katie kat kitty kathryn katharine; cecilia cece cissy; charles
charlie chuck chas chaz; charlotte charlie lottie char; chester chet; christian chris; christina chris tina chrissy
christine; christopher chris topher kit; clara clare claire; clarence clar; clifford cliff; constance connie;
cornelius con neil; cynthia cindy; daniel dan danny; daniela dani; danielle dani; david dave davey; deborah deb
debbie; dennis denny; diana di; dominic dom nick; dominik nik; donald don donny; dorothy dot dottie dolly; dragoslav
drago; douglas doug; edmund ed eddie ned; eduardo edu lalo; edward ed eddie ted ned teddy; edwin ed; eleanor ellie
nell nora ella; elena lena; elijah eli; elisabeth lisa lis elise liz beth; elizabeth liz beth lizzie betty eliza liza
lisa betsy libby bess; emily em emmy millie; emilia emi mila; emmanuel manny manu; enrique quique; eric rick; ernest
ernie; ernesto neto; esther essie hettie; eugene gene; evelyn evie eve; ezekiel zeke; ferdinand ferdie nando;
ferdinando nando; fernando nando fer; florence flo florrie; frances fran frankie fanny; francis frank fran; francisco
paco pancho fran cisco; franziska franzi; frederick fred freddie freddy fritz; friedrich fritz; gabriel gabe gabi;
gabriela gabi gaby; gabrielle gabby; geoffrey geoff jeff; jeffrey jeff; george georgie; georgina georgie gina; gerald
gerry jerry; gertrude gertie trudy; gilbert gil bert; giovanni gianni vanni; giuseppe beppe peppe pino; grace gracie;
gregory greg; guadalupe lupe; guillermo memo guille; hans hannes; harold harry hal; harriet hattie; helen nell nellie;
henry harry hank hal; herbert herb bert; hermann; hortense; hubert bert; humphrey; ignacio nacho; isaac ike zac;
isabel izzy bella belle; isabella izzy bella; isabelle izzy belle; ivan vanya; jacob jake; jakob jaka; jacqueline
jackie; james jim jimmy jamie jem; jan honza; jane janie; janet jan; jasmine jas jazz; javier javi; jennifer jen
jenny; jeremiah jerry; jeremy jez jerry; jessica jess jessie; joan joanie; joanna jo; johannes hans hannes jo; john
johnny jack jon; jonathan jon jonny johnny; johanna hanna jo; jorge coque; jose pepe; josefina pepa fina; joseph joe
joey; josephine jo josie; joshua josh; josip joso; juan juanito; judith judy; julian jules; julia jules; katarina kata
kaja; kazimir kazo; kenneth ken kenny; kimberly kim; konstantin kostya; kristina kris tina; kristian kris; laura
laurie; lauren laurie; lawrence larry laurie; leonard leo len lenny; leonardo leo; leopold leo; leroy lee; leslie les;
lillian lil lily; louis lou louie; louise lou; lucas luke; lucia lucy; lucille lucy; ludwig lutz; luis lucho;
madeleine maddie; madison maddie; magdalena magda lena; malcolm mal; manuel manolo manu; marcus marc mark; margaret
maggie meg peggy marge greta rita margie; margarita rita marga; maria mia mari; marianne; marilyn; marjorie marge;
martha marty; martin marty; mary molly polly may mae; marija mara; mateus teus; matilda tilly mattie; matthew matt
matty; matthias matze; maurice mo; maximilian max; megan meg; melanie mel; melissa mel missy; mercedes merche; michael
mike mick mickey mikey micky; michaela micky misa; michelle shelly; miguel migue; mikhail misha; mildred millie;
miroslav mirek; mohammed mo mohamed muhammad; mohammad mo; montgomery monty; moses mo; nancy nan; natalia nat talia
natasha; natalie nat; nathan nate nat; nathaniel nat nate; nicholas nick nicky; nicolas nico nick; nicole nicky nikki;
nikola niko; nikolai kolya; nora norah; norman norm; octavia tavy; olga olya; oliver ollie; olivia liv livvy; oscar
ossie; pamela pam; patricia pat patty trish tricia; patrick pat paddy rick; paul paulie; penelope penny; percival
percy; peter pete; petra peta; philip phil pip; phillip phil pip; philippa pip pippa; phyllis phyl; prudence prue;
rachel rach; rafael rafa; ralph ralphie; raymond ray; rebecca becky becca; reginald reg reggie; richard rick dick rich
ricky richie; ricardo rick richi; rita; robert bob rob bobby robbie bert; roberto beto; roberta bobbie; roderick rod;
rodney rod; roger rodge; roland rolly; ronald ron ronnie; rosemary rose rosie; rosalind roz; russell russ; ruth
ruthie; salvatore toto turi; salvador chava; samantha sam sammy; samuel sam sammy; sandra sandy; santiago santi; sarah
sally sadie; sara sally; sebastian seb basti bas; sebastiao tiao; sergei seryozha; sergio checho; sidney sid;
sigismund; simon si; sofia sofi; sophia sophie; stanley stan; stanislav standa; stefan; stefanie steffi; stephanie
steph; stephen steve stevie; steven steve stevie; susan sue susie; susanna sue susie; suzanne sue suzy; sylvester sly;
tamara tam; tatiana tanya; teresa tere terry; theresa terry tess tessa; terence terry; theodore ted teddy theo; thomas
tom tommy; timothy tim timmy; tobias toby; tomas tom; ursula ulla uschi; valentina val; valerie val; vanessa nessa;
veronica ronnie vera; victor vic; victoria vicky tori vic; viktor vik; vincent vince vinnie; vincencij vinko; violet
vi; virginia ginny; vladimir vlad volodya; wallace wally; walter walt wally; wilhelm willi; wilhelmina mina minnie;
willard will; william bill will billy liam willie; winifred winnie fred; winston win; yekaterina katya; yevgeny
zhenya; zachary zach zack; zoe zo
"""


def _table() -> Mapping[str, frozenset[str]]:
    forms: dict[str, set[str]] = {}
    for family in _FAMILIES.split(";"):
        members = family.split()
        for member in members:
            forms.setdefault(member, set()).update(members)
    return MappingProxyType({name: frozenset(others - {name}) for name, others in forms.items()})


NICKNAMES: Mapping[str, frozenset[str]] = _table()


def nicknames_of(given_name: str) -> frozenset[str]:
    """Other folded forms of a folded given name: short forms of a long name, long names of a short form."""
    return NICKNAMES.get(given_name, frozenset())


_FIRST_SYLLABLES = re.compile(r"[^aeiouy]*[aeiouy]+[^aeiouy]*")


_LAST_SYLLABLES = re.compile(r"(?<=.)[^aeiouy][aeiouy][^aeiouy]*(?:[aeiouy][^aeiouy]*)?$")


_DIMINUTIVES = ("ka", "ek", "ik", "ita", "ito")


def short_forms(given_name: str) -> frozenset[str]:
    """Short forms made by rule (Lottie, Ally, Didi, Melo). Guesses: they count only where a name is announced."""
    if not given_name.isascii() or len(given_name) < 4:
        return frozenset()
    forms = set()
    syllable = _FIRST_SYLLABLES.match(given_name)
    stems = {given_name[:3], given_name[:4]} | ({syllable.group()} if syllable else set())
    ending = _LAST_SYLLABLES.search(given_name)
    if ending:
        forms.add(ending.group())
    for stem in stems:
        if len(stem) < 2 or stem == given_name:
            continue
        if stem[-1] in "aeiou":
            forms |= {stem, stem[:2] * 2}
            continue
        doubled = stem if stem[-1] == stem[-2] else stem + stem[-1]
        forms |= {stem + ending for ending in ("y", "ie", "i", "o", "a")}
        forms |= {doubled + ending for ending in ("y", "ie", "i", "a")}
        forms |= {stem + ending for ending in _DIMINUTIVES}
        forms |= {stem, given_name[:5]}
    forms.add(given_name[:2] * 2)
    return frozenset(form for form in forms if len(form) > 2 and form != given_name and form not in FUNCTION_WORDS)
