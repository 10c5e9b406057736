"""What made-up papers say. `{who:form}` plants a person, `⟦text⟧` or `⟦kind|text⟧` marks what must stay."""

from __future__ import annotations

# p, q, r: classmates; me: the author; t: a teacher; x: a private person who is on no roster.
PEERS = """
The calibration was mostly done by {p:full} while I held the ruler.
In the forum, {p:first} argued that the sample was too small, and {q:first} replied with a counterexample.
My reading partner this term is {p:full}, who pointed out the irony on the last page.
Credit for the figure goes to {p:full}.
I borrowed the notes of {p:full} when I was ill.
Both {p:first} and {q:first} think the narrator lies.
{p:first}'s summary convinced me more than the article did.
We were four in our group: {p:full}, {q:full}, {r:full} and me.
After class {p:full} explained recursion to me again.
{p:full} found the bug in line 40 within a minute.
Speaking with {p:first_initial} helped me to narrow the topic.
I would like to respond to {p:full}'s claim about minimum wages.
The interview was transcribed by {p:initial_last} and checked by {q:initial_last}.
As {p:full} said during the seminar, nobody reads the terms of service.
Thank you {p:first} for proofreading this!
(I thank {p:full} for the photographs.)
It was {p:first} who first noticed the missing control group.
{p:full} disagreed with me about the ending, and so did {q:full}.
Group C ({p:last_first}; {q:last_first}) had the opposite result.
Together with {p:full} I visited the museum twice.
Peer feedback from {p:full}: the second paragraph is too long.
{p:first} and I met on Zoom to compare our drafts.
Special thanks to my lab partner {p:full}, without whom the pipette would have won.
The survey was sent out by {p:upper} and answered by thirty people.
I agree with what {p:full} posted on Tuesday.
We divided the reading: {p:first} took chapter one, {q:first} chapter two.
The version of {p:full} runs faster than mine.
If you ask {p:full}, the experiment was a success.
Hi {p:first}, I really liked how you opened your post.
@{p:first} I don't think that follows.
My draft was read by {p:lower} before i handed it in.
{p:last_first} (presenter), {q:last_first} (notes)
I was paired with {p:nbsp} for the peer review.
The slides were made by {p:linebreak} in one night.
""".strip().splitlines()
VARIANTS = """
I asked {p:nickname} whether the data could be shared.
{p:nickname} thinks we should have used a t-test.
Thanks, {p:nickname}, for the coffee and the comments.
My partner was {p:typo}, as you can see from the sheet.
The introduction was written by {p:nodiac} and me.
As {p:bent} I spent the whole week in the library.
See {p:file} for the raw data.
The repository has a folder called {p:joined}.
The poster of {p:translit} hangs in the hall.
I worked with {p:translit} on the proofs.
We used the script of {p:typo} to clean the data.
""".strip().splitlines()
TEACHING = """
I am grateful to {t:title_last} for extending the deadline.
As {t:title_full} explained in the second lecture, the model assumes rational agents.
{t:title_last} asked us to keep a diary for two weeks.
In {t:last}'s seminar we looked at three of these poems.
This essay was written for {t:title_full}.
I emailed {t:full} about the missing page.
""".strip().splitlines()
PRIVATE_PEOPLE = """
My cousin {x:full} runs a bakery, and I watched how she sets prices.
I interviewed my grandfather, {x:full}, about the strike.
Our neighbour {x:full} lent us the thermometer.
My boss, {x:full}, told me to smile more.
""".strip().splitlines()
DETAILS = """
You can reach me at {me:email} if the file is broken.
My student number is {me:id}.
Student ID {me:id}.
Questions go to {p:email}, please.
I live at {me:address} and the noise there gave me the idea.
Call me on {me:phone} if the upload failed.
I was born on {me:birth}, so I do not remember any of this.
The code is at https://github.com/{me:url}/paper.
More of this on https://{me:blog}.wordpress.com/about.
My Discord is {me:handle} if anybody wants to talk.
Output is written to /home/{me:user}/results/run1.csv.
""".strip().splitlines()
TRAPS = """
⟦common_word|Rose⟧ petals were boiled for ten minutes, and the colour ⟦common_word|rose⟧ to the top.
A ⟦common_word|field⟧ of wheat needs more water than a ⟦common_word|marsh⟧.
⟦common_word|Rivers⟧ carry sediment; ⟦common_word|banks⟧ erode first.
⟦common_word|Banks⟧ lend what they do not have.
⟦common_word|Hope⟧ is not a strategy, as the saying goes.
In ⟦common_word|June⟧ the river froze, and in ⟦common_word|May⟧ it flooded.
⟦common_word|Summer⟧ is the season in which the ⟦common_word|lake⟧ turns green.
The ⟦common_word|Stone⟧ Age ended for no lack of stones.
⟦common_word|Will⟧ this change? Nobody knows.
On the next ⟦common_word|page⟧ the author draws a ⟦common_word|long⟧ line.
⟦common_word|Mark⟧ the place where the string touches the ring.
⟦common_word|Major⟧ revisions were made in the ⟦common_word|winter⟧ of that year.
⟦common_word|Joy⟧ and ⟦common_word|faith⟧ are the two themes of the novel.
They walked through the ⟦common_word|woods⟧ at ⟦common_word|dawn⟧.
⟦common_word|Dean⟧ of the faculty is an elected office.
He was ⟦common_word|rich⟧ and had a ⟦common_word|stern⟧ voice.
The ⟦common_word|swift⟧ is a bird that sleeps in the air.
⟦common_word|Amber⟧ forms from resin; ⟦common_word|iris⟧ and ⟦common_word|jasmine⟧ do not.
⟦historical|Florence Nightingale⟧ kept better statistics than the army.
⟦historical|Charles Darwin⟧ delayed his book for twenty years.
⟦historical|Isaac Newton⟧ and ⟦historical|Robert Hooke⟧ quarrelled about priority.
⟦historical|Benjamin Franklin⟧ flew a kite, or said so.
⟦historical|Queen Victoria⟧ wore black for forty years.
⟦historical|Marie Curie⟧ carried radium in her pocket.
⟦historical|Max Planck⟧ did not believe in his own constant.
⟦historical|Nelson Mandela⟧ was released in 1990.
⟦historical|Jordan Peterson⟧ and ⟦historical|Daniel Kahneman⟧ could hardly be less alike.
⟦historical|Rosalind Franklin⟧ took the photograph.
⟦historical|Emma Goldman⟧ was deported in 1919.
⟦character|Emma Bovary⟧ dies slowly, ⟦character|Dorian Gray⟧ at once.
⟦character|Daniel Deronda⟧ is a long book.
⟦place|Victoria⟧ is the capital of British Columbia.
She flew to ⟦place|Sydney⟧ by way of ⟦place|Florence⟧.
The study was carried out in ⟦place|Austin⟧, Texas.
The river ⟦place|Jordan⟧ is smaller than one thinks.
⟦eponym|Newton's third law⟧ explains the recoil.
The data follow a ⟦eponym|Bell curve⟧, roughly.
⟦eponym|Hooke's law⟧ holds up to the yield point.
⟦eponym|Planck's constant⟧ has the unit of action.
The ⟦eponym|Park test⟧ showed no heteroscedasticity.
The ⟦eponym|Li–Yorke theorem⟧ has a short proof.
The ⟦eponym|Wu method⟧ is used for geometry.
The ratio was ⟦number|0.4821⟧ (n = ⟦number|1284⟧, p < ⟦number|.05⟧).
It cost ⟦number|1,250,000⟧ euros between ⟦date|12 March 1998⟧ and ⟦date|3 May 2001⟧.
ISBN ⟦number|978-3-16-148410-0⟧ is only an example.
See pages ⟦number|112–145⟧ and version ⟦number|3.11.4⟧ of the manual.
The doi is ⟦url|https://doi.org/10.1000/182⟧.
See ⟦url|https://en.wikipedia.org/wiki/Charles_Darwin⟧ for dates.
I am ⟦common_word|so⟧ tired of this, and yet I go ⟦common_word|on⟧.
We ⟦common_word|may⟧ never know, but we ⟦common_word|will⟧ ask.
The ⟦common_word|ma⟧n at the gate asked for an ID.
""".strip().splitlines()
CITATIONS = """
{c:cite} showed that feedback must be timely.
Earlier work ({c:cite_in}) found no effect.
The term was coined by {c:cite_al} and is still in use.
See also {c:cite_and} for a review.
According to {c:cite}, most of the variance is between schools.
This was disputed later ({c:cite_page}).
As {c:cite_poss} meta-analysis shows, effects are small.
""".strip().splitlines()
REFERENCES = {
    "apa": "{c:ref_apa}. Learning to look: Essays on method. Harbour Press.",
    "apa_long": "{c:ref_apa2}. The cost of waiting. Journal of Slow Science, 12(3), 45–67. https://doi.org/10.1000/xyz",
    "mla": "{c:ref_mla}. The Patient Reader. Harbour Press, 2011.",
    "chicago": "{c:ref_chicago}. Rivers of Ink. London: Harbour Press, 1998.",
    "ieee": "[3] {c:ref_ieee}, “Fast sorting for slow people,” Proc. Conf. Things, 2015, pp. 1–9.",
}
HEADERS = [
    "{me:full}\n{t:title_last}\nENGL 214\n14 October 2023\n\n",
    "Name: {me:full}\nStudent ID: {me:id}\nCourse: PHYS 101\n\n",
    "By {me:full}\n\n",
    "Submitted by: {me:last_first} ({me:id})\nInstructor: {t:title_full}\n\n",
    "{me:upper}\nReflection 3\n\n",
    "Lab report 4\nAuthors: {me:full}, {p:full} and {q:full}\n\n",
    "---\ntitle: The Turn\nauthor: {me:full}\ndate: 2024-02-11\n---\n\n",
    "\\title{Heat}\n\\author{{me:full}}\n\\maketitle\n\n",
    "",
    "The Silence of Machines\n\n{me:full}\nDepartment of Philosophy, Harbour University\n{me:email}\n\n",
]
ENDINGS = [
    "\n\nKind regards,\n{me:first}\n",
    "\n\n– {me:full}\n",
    "\n\nWord count: 812\n",
    "\n\n{me:last} 4\n",
    "\n\nSigned: {me:full}, 12 May 2024\n",
    "\n\nBest,\n{me:full}\n{me:email}\n",
    "",
]
THREADS = [
    "From: {p:full} <{p:email}>\nTo: {me:full} <{me:email}>\nSubject: Draft\n\nHi {me:first},\n\ncan you send the "
    "file? {q:first} needs it too.\n\nThanks\n{p:first}\n\n",
    "On Mon, 4 Mar 2024, {p:full} wrote:\n> I think the second table is wrong.\n> {p:first}\n\nDear {p:first},\n\nit is. "
    "I will ask {q:full}.\n\n",
    "{p:first}: did you start?\n{me:first}: no\n{q:first}: me neither lol\n\n",
    "Minutes\nPresent: {p:full}, {q:full}, {r:full}\nApologies: {me:full}\n1. {p:first} reports on the survey.\n\n",
    "| Name | Task |\n|---|---|\n| {p:full} | figures |\n| {q:full} | text |\n\n",
]
CODE = [
    "#!/usr/bin/env python3\n# Author: {me:full}\n# {me:email}\n\nimport math\n\n\nclass Shape:\n    ⟦code|@property⟧\n"
    "    def area(self):\n        return math.pi\n\n\ndef ⟦code|mark_page⟧(page, field):\n    # {p:first} wrote this part\n"
    "    return page[field]\n\n",
    "/*\n * Homework 5\n * @author {me:full}\n * @version 1.2\n */\npublic class Main {\n    ⟦code|@Override⟧\n"
    '    public String toString() { return "rose"; }\n}\n\n',
    "// {me:last_first}, {me:id}\n// helped by {p:full}\nconst ⟦code|rivers⟧ = [1, 2, 3];\nfor (const ⟦code|stone⟧ of "
    "rivers) { console.log(stone); }\n\n",
    "$ git log\nAuthor: {me:full} <{me:email}>\nDate:   Tue Mar 5 10:00:00 2024\n\n    fix the loop\n\n",
]
FILE_NAMES = [
    "{given}{family}_essay2_final.docx", "{family}_{given}_LATE_129931_7712093_Essay.pdf", "hw3-{user}.py",
    "{family}, {given} - Reflection.docx", "{id}_lab4.pdf", "essay.docx", "{given} {family} Term Paper.odt",
    "COMP101_A2_{family}{initial}.zip",
]  # fmt: skip
