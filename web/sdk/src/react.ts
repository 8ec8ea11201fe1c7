// Card fields for React 18 and later. React comes from the shop's own packages.

import {
  createElement,
  type ReactElement,
  type Ref,
  type RefCallback,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from "react";
import type { CardFields, CardFieldsEvents, CardFieldsOptions, FinCore } from "./public.js";

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

const HANDLER_OF: { readonly [Name in keyof CardFieldsEvents]: keyof CardFieldsHandlers } = {
  ready: "onReady",
  change: "onChange",
  focus: "onFocus",
  blur: "onBlur",
  escape: "onEscape",
  loaderror: "onLoaderror",
};

/** Card fields that follow the options: they are mounted with the element, and destroyed with the component. */
export function useCardFields(
  fincore: FinCore | null,
  options: CardFieldsOptions,
  handlers: CardFieldsHandlers = {},
): CardFieldsInReact {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const [cardFields, setCardFields] = useState<CardFields | null>(null);
  const latest = useRef({ options, handlers });
  const { amount_minor, currency, locale, title } = options;
  const appearance = JSON.stringify(options.appearance);

  useEffect(() => {
    latest.current = { options, handlers };
  });
  useEffect(() => {
    if (!fincore || !place) return;
    const fields = fincore.cardFields(latest.current.options);
    for (const name of Object.keys(HANDLER_OF) as (keyof CardFieldsEvents)[]) {
      fields.on(name, (event) => latest.current.handlers[HANDLER_OF[name]]?.(event as never));
    }
    fields.mount(place);
    setCardFields(fields);
    return () => {
      setCardFields(null);
      fields.destroy();
    };
  }, [fincore, place]);
  useEffect(() => {
    cardFields?.update(latest.current.options);
  }, [cardFields, amount_minor, currency, locale, title, appearance]);
  return { ref: setPlace, cardFields };
}

export interface FinCoreCardFieldsProps extends CardFieldsOptions, CardFieldsHandlers {
  /** What `loadFinCore` gave; null while it is not there yet, and on a server. */
  fincore: FinCore | null;
  /** Gets the fields, such as for `tokenize`. */
  fieldsRef?: Ref<CardFields | null>;
  className?: string;
}

/** An element with card fields in it. */
export function FinCoreCardFields(props: FinCoreCardFieldsProps): ReactElement {
  const { ref, cardFields } = useCardFields(props.fincore, optionsOf(props), props);
  useImperativeHandle<CardFields | null, CardFields | null>(props.fieldsRef, () => cardFields, [cardFields]);
  return createElement("div", { ref, className: props.className });
}

function optionsOf({ amount_minor, currency, appearance, locale, title }: FinCoreCardFieldsProps): CardFieldsOptions {
  return {
    amount_minor,
    currency,
    ...(appearance && { appearance }),
    ...(locale && { locale }),
    ...(title && { title }),
  };
}
