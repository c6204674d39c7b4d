// Where a ticket stands, as sets of states that more than one page goes by. What a state takes is the house's to say; a page
// offers what can be had.

/** Who is out of the line and comes back into it by reporting back. */
export const COMES_BACK = ['away', 'missed'];

/** Who is here and has nothing to say at the door. */
export const IS_HERE = ['waiting', 'summoned', 'called', 'serving', 'in_transit'];

/** From where a ticket is settled when its session closes, or the day after. */
export const IS_SETTLED_FROM = ['waiting', 'summoned', 'away', 'missed'];
