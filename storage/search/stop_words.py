"""English words that say nothing about what a question or a paper is about; pure."""

from __future__ import annotations

_FUNCTION_WORDS = """
a about above across after afterwards again against all almost along also although always am among
an and another any anybody anyone anything are around as at be became because become becomes been
before behind being below beside besides between beyond both but by can cannot could did do does
doing done down during each either else etc even ever every everything except few for from further
had has have having he hence her here hers him his how however i if in instead into is it its
itself just least less like many may maybe me might mine more most much must my myself near need
neither never no nobody none nor not nothing now of off often on once only onto or other others
otherwise our ours out over own per perhaps quite rather really same several shall she should
since so some somebody someone something still such than that the their theirs them themselves
then there thereby therefore these they this those though through throughout thus to together too
toward towards under unless until up upon us very via was we well were what whatever when where
whereas whether which while who whom whose why will with within without would yet you your yours
""".split()

_QUESTION_WORDS = """
anyone article articles concerned concerning deal dealing deals describe described describes
describing discuss discussed discusses discussing exist find give interested know looking paper
papers please publication publications regarding seek show tell want
""".split()

_CONTRACTIONS = (
    "arent cant couldnt didnt doesnt dont hasnt havent id im isnt ive theres wasnt whats"
)

STOP_WORDS = frozenset([*_FUNCTION_WORDS, *_QUESTION_WORDS, *_CONTRACTIONS.split()])

# What titles of any subject say about their kind of work. In a small list, these may be rare.
GENERIC_WORDS = """
achieving advance advancing analysis analyzing application applied applying approach aspects
assessing assessment automated automatic based basic benchmark benchmarking best better beyond big
building case challenge challenges characterizing classic combining comparative comparing comparison
comprehensive computing deep demonstration designing development difficult direct effect effective
effectively effects efficient efficiently empirical enabling enhanced enhancing evaluating
evaluation evidence examining example examples experiment experimental experiments exploring fast
faster first framework fundamental general generic global going good great guide hard help high
higher idea ideas important improved improvement improving insight insights introducing introduction
investigating investigation issue issues key large larger last learned lessons little local long low
lower main make making method methods mind modern multi multiple need new next non novel old one
open overview part perspective perspectives possible potential practical practice preliminary
problem problems progress project proposal proposed quick recent report research result results
review revisited revisiting right role scalable second short simple simplified single small smaller
solution solutions special state step study studying successful survey system systematic systems
take technique techniques technology theory thing things think three time tool tools toward two
type types understanding unified unifying use used useful user using various view way ways work
working world year years
""".split()
