/** Colours that stay apart in every common kind of colour blindness (Okabe and Ito, 2008). */

export const blue = '#0072b2'
export const vermilion = '#d55e00'
/** The blue mixed with white, for what lies behind a blue line. */
export const lightBlue = '#b3d5e8'
