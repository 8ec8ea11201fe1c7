import { type ReactElement, type Ref, type RefCallback } from "react";
import type { CardFields, CardFieldsEvents, CardFieldsOptions, FinCore } from "./fincore.js";
/** A handler for each event, such as `onReady` and `onChange`. */
export type CardFieldsHandlers = {
    [Name in keyof CardFieldsEvents as `on${Capitalize<Name>}`]?: (event: CardFieldsEvents[Name]) => void;
};
export interface CardFieldsInReact {
    /** The `ref` of the element that the fields are mounted in. */
    ref: RefCallback<HTMLElement>;
    /** The fields, such as for `tokenize`; null until FinCore and the element are there. */
    cardFields: CardFields | null;
}
/** Card fields that follow the options: they are mounted with the element, and destroyed with the component. */
export declare function useCardFields(fincore: FinCore | null, options: CardFieldsOptions, handlers?: CardFieldsHandlers): CardFieldsInReact;
export interface FinCoreCardFieldsProps extends CardFieldsOptions, CardFieldsHandlers {
    /** What `loadFinCore` gave; null while it is not there yet, and on a server. */
    fincore: FinCore | null;
    /** Gets the fields, such as for `tokenize`. */
    fieldsRef?: Ref<CardFields | null>;
    className?: string;
}
/** An element with card fields in it. */
export declare function FinCoreCardFields(props: FinCoreCardFieldsProps): ReactElement;
