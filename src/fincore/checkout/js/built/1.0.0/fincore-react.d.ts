import { type ReactElement, type Ref, type RefCallback } from "react";
import type { CardFields, CardFieldsEvents, CardFieldsOptions, FinCore, PayWithPayPal, PayWithPayPalEvents, PayWithPayPalOptions } from "./fincore.js";
/** A handler for each event, such as `onReady` and `onChange`. */
export type CardFieldsHandlers = {
    [Name in keyof CardFieldsEvents as `on${Capitalize<Name>}`]?: (event: CardFieldsEvents[Name]) => void;
};
/** A handler for each event: `onReady`, `onResult` and `onLoaderror`. */
export type PayWithPayPalHandlers = {
    [Name in keyof PayWithPayPalEvents as `on${Capitalize<Name>}`]?: (event: PayWithPayPalEvents[Name]) => void;
};
export interface CardFieldsInReact {
    /** The `ref` of the element that the fields are mounted in. */
    ref: RefCallback<HTMLElement>;
    /** The fields, such as for `tokenize`; null until FinCore and the element are there. */
    cardFields: CardFields | null;
}
export interface PayWithPayPalInReact {
    /** The `ref` of the element that the button is mounted in. */
    ref: RefCallback<HTMLElement>;
    /** The button, such as for `focus`; null until FinCore and the element are there. */
    payWithPayPal: PayWithPayPal | null;
}
/** Card fields that follow the options: they are mounted with the element, and destroyed with the component. */
export declare function useCardFields(fincore: FinCore | null, options: CardFieldsOptions, handlers?: CardFieldsHandlers): CardFieldsInReact;
/** PayPal's button that follows the options: it is mounted with the element, and destroyed with the component. */
export declare function usePayWithPayPal(fincore: FinCore | null, options: PayWithPayPalOptions, handlers?: PayWithPayPalHandlers): PayWithPayPalInReact;
export interface FinCoreCardFieldsProps extends CardFieldsOptions, CardFieldsHandlers {
    /** What `loadFinCore` gave; null while it is not there yet, and on a server. */
    fincore: FinCore | null;
    /** Gets the fields, such as for `tokenize`. */
    fieldsRef?: Ref<CardFields | null>;
    className?: string;
}
/** An element with card fields in it. */
export declare function FinCoreCardFields(props: FinCoreCardFieldsProps): ReactElement;
export interface FinCorePayPalProps extends PayWithPayPalOptions, PayWithPayPalHandlers {
    /** What `loadFinCore` gave; null while it is not there yet, and on a server. */
    fincore: FinCore | null;
    /** Gets the button, such as for `focus`. */
    buttonRef?: Ref<PayWithPayPal | null>;
    className?: string;
}
/** An element with PayPal's button in it. After an approval it is empty: another press would make another charge. */
export declare function FinCorePayPal(props: FinCorePayPalProps): ReactElement;
